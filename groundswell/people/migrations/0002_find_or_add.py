from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("ledger", "0003_record")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0002_find_or_add.sql").read_text(), "DROP FUNCTION people_find_or_add, people_agree")]
