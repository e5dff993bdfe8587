"""Persons, contact points, consents, tags and fields. A foreign key without index leads one of the table's others."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models.functions import Left, Lower
from django.utils.translation import gettext_lazy as _

from groundswell.kit.clock import now
from groundswell.kit.fields import LtreeField
from groundswell.kit.ids import new_id
from groundswell.people import rules


class Bucket(models.Func):
    """Which of 1,024 equal parts somebody is in: a sample that is always the same."""

    template = "(uuid_hash(%(expressions)s) & 1023)"
    output_field = models.IntegerField()


class Person(models.Model):
    """Somebody we know of."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="person")
    given_name = models.CharField(_("first name"), max_length=100, blank=True)
    family_name = models.CharField(_("last name"), max_length=100, blank=True)
    search_text = models.TextField(blank=True)  # names, emails and phones, folded: what search looks in
    language = models.CharField(max_length=8, blank=True)
    postal_code = models.CharField(_("ZIP or postal code"), max_length=12, blank=True)
    scope = LtreeField(default="movement")  # where in the movement's tree: movement.place.us.vt
    added_at = models.DateTimeField(default=now)

    class Meta:
        indexes = [
            GinIndex(OpClass("search_text", "gin_trgm_ops"), name="person_search"),
            GistIndex(fields=["scope"], name="person_scope"),
            models.Index(fields=["-added_at"], name="person_added"),
            models.Index(Left("postal_code", 5), name="person_zip"),  # of all, or the planner does not count by it
            models.Index(Bucket("id"), name="person_bucket"),
        ]

    def __str__(self) -> str:
        return self.name or str(_("Somebody"))

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class Channel(models.TextChoices):
    EMAIL = "email", _("email")
    PHONE = "phone", _("phone")
    POSTAL = "postal", _("postal address")
    EXTERNAL = "external", _("id in another system")


class ContactPoint(models.Model):
    """One way to reach a person, or their id in another system."""

    class Status(models.TextChoices):
        WORKS = "works", _("works")
        UNVERIFIED = "unverified", _("not confirmed yet")
        BOUNCES = "bounces", _("does not arrive")
        WRONG = "wrong", _("belongs to somebody else")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="contact_points", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    system = models.CharField(max_length=60, blank=True)  # of an external id: which system
    value = models.TextField()  # normalised: what is compared
    written = models.TextField(blank=True)  # as the person wrote it
    verified_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNVERIFIED)
    added_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            # A phone or a house may be shared by a family; an email address or an external id names one person.
            models.UniqueConstraint(
                fields=["channel", "system", "value"],
                condition=models.Q(channel__in=["email", "external"]),
                name="contact_names_one_person",
            ),
            models.UniqueConstraint(fields=["person", "channel", "system", "value"], name="contact_once"),
        ]
        indexes = [models.Index(fields=["channel", "value"], name="contact_value")]

    def __str__(self) -> str:
        return self.value

    @property
    def shown(self) -> str:
        """As people read it: a phone number in groups."""
        return rules.phone_shown(self.value) if self.channel == Channel.PHONE else self.value


class Wording(models.Model):
    """The exact words somebody agreed to. Its id is made of their digest, so nobody looks it up. Never changed."""

    id = models.UUIDField(primary_key=True, editable=False)
    digest = models.BinaryField(unique=True)  # sha256 of the words
    words = models.TextField()
    since = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.words


class Consent(models.Model):
    """One agreement or its withdrawal; the newest row for a purpose and channel is in force. Never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="consents", db_index=False)
    purpose = models.CharField(max_length=40)  # news, events, ...
    channel = models.CharField(max_length=8, choices=Channel)
    given = models.BooleanField()
    wording = models.ForeignKey(Wording, models.PROTECT, null=True)
    page = models.TextField(blank=True)  # the path on which the words stood
    at = models.DateTimeField(default=now)

    class Meta:
        indexes = [models.Index(fields=["person", "purpose", "channel", "-at"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}: {self.given}"


class Tag(models.Model):
    """A word put on people."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("tag"), max_length=60)
    people: "models.ManyToManyField[Person, TagOn]" = models.ManyToManyField(
        Person, through="TagOn", related_name="tags"
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_named_once")]

    def __str__(self) -> str:
        return self.name


class TagOn(models.Model):
    """A tag on a person."""

    tag = models.ForeignKey(Tag, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE, db_index=False)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "tag"], name="tag_once")]

    def __str__(self) -> str:
        return str(self.tag)


class Field(models.Model):
    """A fact a movement wants to keep about people, with its type."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of a list")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.SlugField(max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=8, choices=Type)
    choices = models.JSONField(default=list, blank=True)  # of a choice: its words

    def __str__(self) -> str:
        return self.label


class FieldValue(models.Model):
    """One person's value of a field; JSON of the field's type (dates as ISO text)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="field_values", db_index=False)
    field = models.ForeignKey(Field, models.CASCADE)
    value = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "field"], name="field_once")]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"


class Deed(models.Model):
    """How often a person did one kind of thing, first and last: entries of the ledger, counted by a consumer."""

    pk = models.CompositePrimaryKey("person_id", "kind")
    person_id = models.UUIDField()  # no foreign key: made from the ledger, which keeps who is gone
    kind = models.TextField()
    done = models.IntegerField()
    taken_back = models.IntegerField()  # entries with a quantity below zero: each takes one of the others back
    first_at = models.DateTimeField(null=True)  # of those done
    last_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["kind", "last_at"], include=["person_id", "done", "taken_back", "first_at"], name="deed_last"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.done}"


class Segment(models.Model):
    """Some of the people, by conditions. A frozen one keeps those it held when it was frozen."""

    class Sample(models.TextChoices):
        ALL = "all", _("all of them")
        NUMBER = "number", _("so many at random")
        PERCENT = "percent", _("so many percent at random")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80)
    tree = models.JSONField()  # as `segments.read` takes it
    sample = models.CharField(max_length=8, choices=Sample, default=Sample.ALL)
    sample_size = models.PositiveIntegerField(default=0)  # people, or percent
    seed = models.BigIntegerField(default=0)  # whom the sample draws
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=now)
    changed_at = models.DateTimeField(default=now)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A person in a frozen segment."""

    pk = models.CompositePrimaryKey("segment_id", "person_id")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)
