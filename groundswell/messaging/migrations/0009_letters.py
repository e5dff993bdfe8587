import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import groundswell.kit.clock


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0008_writing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Worded",
            fields=[
                ("pk", models.CompositePrimaryKey("letter", "language", blank=True, editable=False, primary_key=True, serialize=False)),
                ("letter", models.TextField()),
                ("language", models.CharField(max_length=8)),
                ("subject", models.TextField()),
                ("text", models.TextField()),
                ("changed_at", models.DateTimeField(default=groundswell.kit.clock.now)),
                ("changed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
