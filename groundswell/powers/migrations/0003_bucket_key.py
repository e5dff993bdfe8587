from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("powers", "0002_take")]
    # Django's second index of a text key is for searches by prefix, which nobody makes; taking a token kept it up.
    operations = [
        migrations.RunSQL("DROP INDEX powers_bucket_key_ae37b602_like", migrations.RunSQL.noop),
    ]
