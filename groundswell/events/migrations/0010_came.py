from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0009_asked_to_lead'),
    ]

    operations = [
        migrations.AddField(
            model_name='rsvp',
            name='came',
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
