from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_record")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0004_news.sql").read_text(), "DROP TABLE ledger_news")]
