from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("powers", "0001_initial")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0002_take.sql").read_text(), "DROP FUNCTION powers_take")]
