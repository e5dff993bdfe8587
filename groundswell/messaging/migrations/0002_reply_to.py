from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='reply_to',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
