from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_letters")]
    operations = [migrations.AddField("delivery", "not_after", models.DateTimeField(null=True))]
