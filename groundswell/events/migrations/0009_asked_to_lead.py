from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0008_parting'),
    ]

    operations = [
        migrations.AddField(
            model_name='host',
            name='asked_at',
            field=models.DateTimeField(null=True),
        ),
    ]
