from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            Path(__file__).with_name("0001_tables.sql").read_text(),
            "DROP TABLE ledger_entry, ledger_pending, ledger_block CASCADE; DROP SEQUENCE ledger_entry_id",
        ),
    ]
