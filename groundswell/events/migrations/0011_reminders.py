import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import groundswell.events.models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0010_came"),
        ("people", "0004_segments"),
    ]
    operations = [
        migrations.CreateModel(
            name="Morning",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="people.person",
                    ),
                ),
                ("at", models.DateTimeField(null=True)),
                ("off", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            "event",
            "reminders",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                blank=True,
                db_default=[24, 2],
                default=groundswell.events.models.usual_reminders,
                size=None,
            ),
        ),
        migrations.AddField("rsvp", "reminded_at", models.DateTimeField(null=True)),
        migrations.AddIndex("shift", models.Index(fields=["starts_at"], name="shift_by_time")),
    ]
