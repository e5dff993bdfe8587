from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("people", "0002_find_or_add"), ("sources", "0002_touch"), ("powers", "0002_take")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0002_come.sql").read_text(), "DROP FUNCTION events_come, events_closed")]
