"""Deliveries, and what came back of them."""

from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from groundswell.kit.clock import now
from groundswell.kit.ids import new_id
from groundswell.people.models import Person


class Mailbox(models.IntegerChoices):
    """Who keeps the mailbox: the large ones have rules of their own about how fast they take mail."""

    OTHER = 0, "other"
    GMAIL = 1, "Gmail"
    YAHOO = 2, "Yahoo"
    OUTLOOK = 3, "Outlook"


class Delivery(models.Model):
    """One person's copy of a message: of a mailing, or of a single mail, which alone has a key and says here what it
    says. The database checks no foreign key of it: a million are written by one statement that reads those very rows,
    and checking each again takes as long as writing it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        SUPPRESSED = "suppressed"
        UNKNOWN = "unknown"  # the process or the connection died between the wire and the commit

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.TextField(null=True)  # what makes a single mail one: event.rsvp:<entry id>
    mailing = models.ForeignKey(
        "Mailing", models.CASCADE, null=True, related_name="deliveries", db_index=False, db_constraint=False
    )
    subject_line = models.ForeignKey(
        "Subject", models.PROTECT, null=True, related_name="deliveries", db_index=False, db_constraint=False
    )
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, related_name="deliveries", db_index=False, db_constraint=False
    )
    address = models.TextField()
    mailbox = models.SmallIntegerField(choices=Mailbox, default=Mailbox.OTHER, db_default=Mailbox.OTHER)
    purpose = models.TextField(blank=True, default="", db_default="")  # to which the person agreed; empty: none asked
    subject = models.TextField(blank=True, default="", db_default="")
    text = models.TextField(blank=True, default="", db_default="")
    html = models.TextField(blank=True, default="", db_default="")
    reply_to = models.TextField(blank=True, default="", db_default="")
    unsubscribe = models.TextField(blank=True, default="", db_default="")
    attachments = models.JSONField(default=list, db_default=[], blank=True)  # [name, content, type]: text only
    notice = models.BooleanField(default=False, db_default=False)  # not caused by a form that anybody can fill in
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.IntegerField(default=0, db_default=0)
    problem = models.TextField(blank=True, default="", db_default="")
    lost_to = models.UUIDField(null=True)  # the mailing that took this week's last slot of the person
    their_id = models.TextField(blank=True, default="", db_default="")  # what the provider calls it
    queued_at = models.DateTimeField(default=now)
    not_before = models.DateTimeField(default=now)
    not_after = models.DateTimeField(null=True)  # when it would say something that is over
    moved_at = models.DateTimeField(null=True)  # when it came into its state

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(key__isnull=False), name="delivery_key_once"),
            models.UniqueConstraint(fields=["person", "mailing"], name="delivery_person_once"),  # of single mails many
            models.UniqueConstraint(
                fields=["mailing", "address"],
                condition=models.Q(mailing__isnull=False) & ~models.Q(address=""),
                name="delivery_address_once",
            ),
            models.CheckConstraint(
                condition=models.Q(key__isnull=False, mailing=None) | models.Q(key=None, mailing__isnull=False),
                name="delivery_is_of_one_kind",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"], condition=models.Q(state="queued", mailing=None), name="delivery_queued"
            ),
            models.Index(  # as the claim of single mails asks: those of a purpose wait for the others
                RawSQL("(CASE WHEN purpose <> '' AND strpos(purpose, ':') = 0 THEN 1 ELSE 0 END)", ()),
                "not_before",
                condition=models.Q(state="queued", mailing=None),
                name="delivery_by_patience",
            ),
            models.Index(
                fields=["mailing", "mailbox", "not_before"],
                condition=models.Q(state="queued", mailing__isnull=False),
                name="delivery_of_mailing_queued",
            ),
            # With the unique one above, whose rows have an address, these are all rows of a mailing.
            models.Index(
                fields=["mailing"],
                condition=models.Q(mailing__isnull=False, address=""),
                name="delivery_without_address",
            ),
            models.Index(fields=["queued_at"], condition=models.Q(lost_to__isnull=False), name="delivery_lost"),
            models.Index(fields=["moved_at"], condition=models.Q(state="sending"), name="delivery_sending"),
            models.Index(fields=["moved_at"], condition=models.Q(state="unknown"), name="delivery_unknown"),
            models.Index(fields=["their_id"], condition=~models.Q(their_id=""), name="delivery_their_id"),
            models.Index(
                fields=["address", "-not_before"],
                condition=models.Q(mailing=None) & ~models.Q(state="suppressed"),
                name="delivery_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key or self.mailing_id} {self.state}"


class Link(models.Model):
    """Where a link of a mailing leads. Mails carry its id, never its address: nobody can change that."""

    id = models.BigAutoField(primary_key=True)
    mailing = models.ForeignKey("Mailing", models.CASCADE, related_name="links", db_index=False)
    url = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "url"], name="link_once")]

    def __str__(self) -> str:
        return self.url


class Signal(models.Model):
    """What came back about a delivery. Noise of machines, so it has its own table and is no deed."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered"
        BOUNCED = "bounced"  # for good
        DEFERRED = "deferred"  # for now
        COMPLAINED = "complained"
        OPENED = "opened"
        CLICKED = "clicked"
        UNSUBSCRIBED = "unsubscribed"
        REPLIED = "replied"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.TextField(null=True, unique=True)  # what makes it one: the provider's id of the report
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="signals", db_index=False, db_constraint=False)
    mailing_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12, choices=Kind)
    link = models.ForeignKey(Link, models.CASCADE, null=True, related_name="signals")
    machine = models.BooleanField(default=False)  # a scanner or a proxy did it, not a person
    why = models.TextField(blank=True)  # of a bounce: what their server said
    at = models.DateTimeField(default=now, db_default=Now())
    weighed = models.BooleanField(default=False, db_default=False)  # of a click: it was decided who made it

    class Meta:
        indexes = [
            models.Index(fields=["delivery", "kind"], name="signal_of_delivery"),
            models.Index(fields=["mailing_id", "kind", "at"], name="signal_of_mailing"),
            models.Index(fields=["at"], condition=models.Q(kind="clicked", weighed=False), name="signal_to_weigh"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"
