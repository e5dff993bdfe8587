"""Events, shifts, RSVPs, hosts."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from groundswell.events import rules
from groundswell.kit.clock import now
from groundswell.kit.fields import CubeField, LtreeField
from groundswell.kit.ids import new_id
from groundswell.people.models import Person
from groundswell.sources.models import Source


class EarthPoint(models.Func):
    """The point that finding and maps know, as a cube on the earth's surface in metres; null where a coordinate is.

    Of a place shown only to guests it is the point on the coarse grid of `rules.blurred`: neither distances nor the
    order of results tell where it is. Made of plain functions only, so that a dump restores with any search path.
    """

    output_field = CubeField(null=True)
    _lat, _lng = (
        f"radians(CASE WHEN place_shown = 'guests' THEN round({{0}} * {rules.PRIVATE_GRID}) / {rules.PRIVATE_GRID}"
        " ELSE {0} END)".format(axis)
        for axis in ("latitude", "longitude")
    )
    template = (
        "CASE WHEN latitude IS NULL OR longitude IS NULL THEN NULL ELSE "  # cube() refuses an array with nulls
        f"cube(ARRAY[6371000 * cos({_lat}) * cos({_lng}), 6371000 * cos({_lat}) * sin({_lng}), 6371000 * sin({_lat})])"
        " END"
    )


def usual_reminders() -> list[int]:
    return [*rules.USUAL_REMINDERS]


class Event(models.Model):
    """A gathering. Whether it is past is a matter of the clock, not of its state."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        WAITING = "waiting", _("waiting for review")
        PUBLISHED = "published", _("published")
        CANCELLED = "cancelled", _("called off")

    class Type(models.TextChoices):
        HOUSE_PARTY = "house_party", _("house party")
        PHONE_BANK = "phone_bank", _("phone bank")
        CANVASS = "canvass", _("canvass")
        RALLY = "rally", _("rally")
        MEETING = "meeting", _("meeting")
        TRAINING = "training", _("training")
        FUNDRAISER = "fundraiser", _("fundraiser")
        OTHER = "other", _("other")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("listed for everybody")
        UNLISTED = "unlisted", _("only for those with the link")

    class PlaceShown(models.TextChoices):
        EVERYONE = "everyone", _("shown to everybody")
        GUESTS = "guests", _("shown exactly only to those who said they would come")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    type = models.CharField(_("kind of event"), max_length=12, choices=Type)
    visibility = models.CharField(_("visibility"), max_length=8, choices=Visibility, default=Visibility.PUBLIC)
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), max_length=10_000, blank=True)  # cleaned HTML
    accessibility = models.TextField(_("accessibility"), max_length=1_000, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    official = models.BooleanField(default=False)  # made by staff, not by a volunteer

    time_zone = models.TextField(_("time zone"))
    starts_at = models.DateTimeField()  # of the first shift
    ends_at = models.DateTimeField()  # of the last shift

    online = models.BooleanField(_("online"), default=False)
    online_url = models.URLField(_("link to join"), blank=True)  # shown only to those who said they would come
    venue = models.CharField(_("place"), max_length=120, blank=True)
    street = models.CharField(_("street and number"), max_length=160, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("state"), max_length=60, blank=True)
    postal_code = models.CharField(_("ZIP or postal code"), max_length=12, blank=True)
    country = models.CharField(max_length=2, default="US")
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    place_shown = models.CharField(
        _("the exact place is"), max_length=8, choices=PlaceShown, default=PlaceShown.EVERYONE
    )
    earth = models.GeneratedField(expression=EarthPoint(), output_field=CubeField(null=True), db_persist=True)
    scope = LtreeField(default="movement")  # where in the movement's tree: movement.place.us.vt

    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="events_created")
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)  # when its creator's address was confirmed
    created_at = models.DateTimeField(default=now)
    published_at = models.DateTimeField(null=True)
    sequence = models.IntegerField(default=0)  # of the calendar entry: rises with each change people must hear of
    note = models.TextField(blank=True, default="")  # what the reviewer wrote to the host
    reviewed = models.BooleanField(default=False)  # let through by a reviewer
    version = models.IntegerField(default=0)  # rises with each change; a reviewer decides on the one they read
    untold = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # fields changed while it was not published, of which those who come hear once it is again

    parting = models.TextField(blank=True, default="", db_default="")  # what a host wrote to the guests, calling it off

    system = models.CharField(max_length=60, blank=True, default="")  # where it was imported from
    external_id = models.CharField(max_length=120, blank=True, default="")
    opening_rsvps = models.IntegerField(default=0)  # RSVPs that came as a number, without names
    overbook = models.PositiveSmallIntegerField(default=0, db_default=0)
    # the chance in percent, which the host accepts, that more come than fit; 0: no places beyond the capacity

    reminders = ArrayField(
        models.PositiveSmallIntegerField(), default=usual_reminders, db_default=[*rules.USUAL_REMINDERS], blank=True
    )  # how many hours before a shift those who come are reminded

    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+", db_index=False)
    # the event to which those who came to this one go instead

    hosts: "models.ManyToManyField[Person, Host]" = models.ManyToManyField(
        Person, through="Host", related_name="hosted_events"
    )

    class Meta:
        indexes = [
            GistIndex("earth", name="event_nearest", condition=models.Q(state="published", visibility="public")),
            models.Index(
                fields=["starts_at"],
                name="event_by_time",
                condition=models.Q(state="published", visibility="public"),
            ),
            models.Index(fields=["created_at"], name="event_waiting", condition=models.Q(state="waiting")),
            GistIndex(fields=["scope"], name="event_scope"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "external_id"],
                condition=~models.Q(external_id=""),
                name="event_imported_once",
            ),
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="event_ends_later"),
        ]

    def __str__(self) -> str:
        return self.title


class Shift(models.Model):
    """A time slot of an event."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="shifts", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    capacity = models.PositiveIntegerField(null=True)  # null: no limit
    opening = models.PositiveIntegerField(default=0)  # places of the event's `opening_rsvps`, if they are of this shift
    taken = models.PositiveIntegerField(default=0)  # places of those who come; changed only under the row's lock
    waiting = models.PositiveIntegerField(default=0)  # places asked for on the waiting list
    extra = models.PositiveIntegerField(default=0, db_default=0)  # places offered beyond the capacity

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["event", "starts_at"]),
            models.Index(fields=["starts_at"], name="shift_by_time"),  # whose guests are to be reminded now
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_ends_later"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.starts_at}"

    @property
    def filled(self) -> int:
        return self.opening + self.taken

    @property
    def free(self) -> int | None:
        """Places left: None without a limit, below 0 where more came as a number than there is room for."""
        return rules.room(self.capacity, self.filled, self.extra)


class RSVP(models.Model):
    """One person's word for one shift."""

    had_room: bool  # places for anybody were free when they pressed; set by `services.rsvp`, not kept

    class State(models.TextChoices):
        GOING = "going", _("coming")
        WAITING = "waiting", _("on the waiting list")
        CANCELLED = "cancelled", _("not coming")
        WALK_IN = "walk_in", _("came without saying so before")  # takes no place: none was promised

    class Call(models.TextChoices):
        WILL_COME = "will_come", _("will come")
        WILL_NOT_COME = "will_not_come", _("will not come")
        NO_ANSWER = "no_answer", _("no answer")
        WRONG_NUMBER = "wrong_number", _("wrong number")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    shift = models.ForeignKey(Shift, models.CASCADE, related_name="rsvps", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="rsvps", db_index=False)
    state = models.CharField(max_length=10, choices=State)
    guests = models.PositiveSmallIntegerField(default=0)  # besides the person
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="+", db_index=False)
    attended = models.BooleanField(null=True)
    came = models.PositiveSmallIntegerField(null=True)  # how many of them, where they came but not all of them
    called = models.CharField(max_length=13, choices=Call, blank=True, default="", db_default="")  # the last result
    called_at = models.DateTimeField(null=True)
    written_as = models.CharField(max_length=100, blank=True, default="", db_default="")
    # the name a host wrote of a walk-in: all that hosts see of somebody who told them nothing
    needs = models.CharField(max_length=300, blank=True, default="", db_default="")  # what the guest wrote to the hosts
    note = models.CharField(max_length=300, blank=True, default="", db_default="")  # what a host wrote about them
    reminded_at = models.DateTimeField(null=True)  # last
    moved_from = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+", db_index=False)
    # the event they had said they would come to, until they say whether they come to this one, too
    at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = "RSVP"
        constraints = [models.UniqueConstraint(fields=["shift", "person"], name="rsvp_once")]
        indexes = [
            models.Index(fields=["shift", "at"], condition=models.Q(state="waiting"), name="rsvp_waiting"),
            models.Index(fields=["person", "-at"], name="rsvp_person"),
            models.Index(fields=["source"], condition=models.Q(source__isnull=False), name="rsvp_source"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.state}"

    @property
    def places(self) -> int:
        return 1 + self.guests

    @property
    def here(self) -> int:
        """How many of them came."""
        return (self.came or self.places) if self.attended else 0


class Host(models.Model):
    """A person who runs an event."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="host_set")
    person = models.ForeignKey(Person, models.CASCADE, related_name="host_set")
    lead = models.BooleanField(default=False)  # the host; the others are co-hosts
    asked_at = models.DateTimeField(null=True)  # when a co-host was asked to lead it, until they answer
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "person"], name="host_once")]

    def __str__(self) -> str:
        return f"{self.person} hosts {self.event}"


class Merger(models.Model):
    """A host's proposal that their guests go to another event and theirs is called off, and what came of it."""

    class State(models.TextChoices):
        OPEN = "open", _("waits for an answer")
        MERGED = "merged", _("merged")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="mergers")  # whose guests would go
    into = models.ForeignKey(Event, models.CASCADE, related_name="mergers_here")
    joins = models.BooleanField()  # its host would run the other one, too
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    at = models.DateTimeField(default=now)
    event_version = models.IntegerField()  # of both as they were: once one is changed, nobody agrees to this any more
    into_version = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event"], condition=models.Q(state="open"), name="merger_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.event} into {self.into}"


class Invited(models.Model):
    """The last time a person was invited to an event near them: one row each, whoever invites."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    event = models.ForeignKey(Event, models.CASCADE, related_name="people_invited")
    at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.person} is invited to {self.event}"


class Invitation(models.Model):
    """Somebody whom a host asks to run the event with them: what the host wrote, nothing we know, until they accept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="invitations")
    given_name = models.CharField(max_length=100)
    email = models.CharField(max_length=254)
    at = models.DateTimeField(default=now)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "email"], name="invitation_once")]

    def __str__(self) -> str:
        return f"{self.given_name} is asked to host {self.event}"


class Morning(models.Model):
    """The morning mail to a host about the events they run: one row each."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField(null=True)  # until when they were told
    off = models.BooleanField(default=False)  # they want none

    def __str__(self) -> str:
        return f"{self.person_id} {self.at}"
