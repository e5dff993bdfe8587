
import django.db.models.deletion
import groundswell.kit.clock
import groundswell.kit.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0007_what_comes_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.UUIDField(default=groundswell.kit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('texts', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField(default=groundswell.kit.clock.now)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', '-made_at'],
            },
        ),
        migrations.CreateModel(
            name='Probe',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('link', 'Link'), ('image', 'Image'), ('domain', 'Domain')], max_length=6)),
                ('target', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('fine', 'Fine'), ('silent', 'Silent'), ('wrong', 'Wrong')], default='waiting', max_length=7)),
                ('found', models.JSONField(default=dict)),
                ('looked_at', models.DateTimeField(null=True)),
                ('mailing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='probes', to='messaging.mailing')),
            ],
            options={
                'ordering': ['kind', 'id'],
                'constraints': [models.UniqueConstraint(fields=('mailing', 'kind', 'target'), name='probe_once')],
            },
        ),
    ]
