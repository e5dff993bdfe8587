from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_models")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0003_record.sql").read_text(), "DROP FUNCTION ledger_record")]
