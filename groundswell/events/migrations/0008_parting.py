from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_guest_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='parting',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AlterField(
            model_name='event',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('waiting', 'waiting for review'), ('published', 'published'), ('cancelled', 'called off')], default='draft', max_length=10),
        ),
    ]
