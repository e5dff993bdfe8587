from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

import groundswell.kit.clock


class Migration(migrations.Migration):
    dependencies = [("events", "0003_desk")]
    operations = [
        migrations.AddField(
            model_name="event", name="overbook", field=models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
        migrations.AddField(model_name="shift", name="extra", field=models.PositiveIntegerField(db_default=0, default=0)),
        migrations.CreateModel(
            name="Invited",
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
                ("at", models.DateTimeField(default=groundswell.kit.clock.now)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people_invited", to="events.event"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(Path(__file__).with_name("0004_room.sql").read_text(), "DROP FUNCTION events_room"),
    ]
