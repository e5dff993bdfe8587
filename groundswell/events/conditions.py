"""What segments can ask about events that are still to come."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.people.conditions import Condition, Label, Moment, Sql, Values, either, one_of

_TO_COME = {
    "hosts": """EXISTS (SELECT FROM events_host host JOIN events_event event ON event.id = host.event_id
    JOIN events_shift shift ON shift.event_id = event.id
    WHERE host.person_id = people_person.id
    AND event.state = 'published' AND shift.ends_at > %s {fence})""",
    "comes": """EXISTS (SELECT FROM events_rsvp rsvp JOIN events_shift shift ON shift.id = rsvp.shift_id
    JOIN events_event event ON event.id = shift.event_id
    WHERE rsvp.person_id = people_person.id AND rsvp.state = 'going'
    AND event.state = 'published' AND shift.ends_at > %s {fence})""",
}


def _clause(values: Values, denied: bool, label: Label) -> str:
    if values["how"] == "hosts":
        return either(
            denied, gettext("host an event that is still to come"), gettext("host no event that is still to come")
        )
    return either(
        denied,
        gettext("say they will come to an event that is still to come"),
        gettext("say of no event still to come that they will be there"),
    )


def _sql(values: Values, moment: Moment) -> Sql:
    return Sql(_TO_COME[str(values["how"])], (moment.now,))


TO_COME = Condition(
    "to_come",
    _("Events to come"),
    (one_of("how", _("They"), (("hosts", _("host one")), ("comes", _("say they will come to one")))),),
    _clause,
    _sql,
)
