from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]
    operations = [migrations.RunSQL(Path(__file__).with_name("0002_touch.sql").read_text(), "DROP FUNCTION sources_find, sources_touch")]
