from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0002_reply_to'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='unsubscribe',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
