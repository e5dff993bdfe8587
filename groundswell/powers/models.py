"""Users, grants, the movement, limits."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from groundswell.kit.clock import now
from groundswell.kit.fields import CitextField, LtreeField
from groundswell.kit.ids import new_id
from groundswell.powers.verbs import EVERYTHING

ROOT = "movement"  # the scope of the whole movement


class UserManager(BaseUserManager["User"]):
    """Makes users; nobody has a password."""

    def create_user(self, email: str, **fields: Any) -> "User":
        user = self.model(email=email, **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def at_address(self, email: str) -> "User":
        """The user with this address; made when there is none. Safe when many ask at once."""
        user = self.model(email=email)
        user.set_unusable_password()
        self.bulk_create([user], ignore_conflicts=True)
        return self.get(email=email)


class User(AbstractBaseUser):
    """A person who signs in. Who they are is on the people floor; what they may do is in their grants."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = CitextField(_("email"), unique=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return str(self.email)


class _NoneInChain(models.Func):
    """No grant of the chain, from the first one down to this, is in the condition. Written out because building it
    from the ORM's parts took three times as long as asking the database."""

    template = "NOT EXISTS (SELECT FROM powers_grant link WHERE link.id = ANY(%(expressions)s) AND (%(condition)s))"
    arg_joiner = " || "
    output_field = models.BooleanField()

    def __init__(self, condition: str, *values: Any) -> None:
        super().__init__("chain", "pk", condition=condition)
        self.values = values

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(*args, **kwargs)
        return sql, (*params, *self.values)


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants, narrowed step by step."""

    def alive(self, at: datetime) -> Self:
        """Neither the grant nor any above it is revoked or ended."""
        return self.filter(_NoneInChain("link.revoked_at IS NOT NULL OR link.ends_at <= %s", at))

    def not_used_up(self) -> Self:
        """Neither the grant nor any above it has reached its limit."""
        return self.filter(_NoneInChain("link.used >= link.limit"))

    def not_through(self, user: "User") -> Self:
        """Neither the grant nor any above it is held by this user."""
        return self.filter(_NoneInChain("link.holder_id = %s", user.pk))

    def covering(self, verb: str, scope: str) -> Self:
        """Those for this verb, or for everything, on this scope."""
        return self.filter(verb__in=(verb, EVERYTHING), scope__covers=scope)


class Grant(models.Model):
    """A power given."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    holder = models.ForeignKey(User, models.PROTECT, related_name="grants")
    verb = models.TextField()
    scope = LtreeField()
    limit = models.BigIntegerField(
        null=True
    )  # how many times in all, by the holder and everybody below; null: no limit
    used = models.BigIntegerField(default=0)
    ends_at = models.DateTimeField(null=True)
    may_hand_on = models.IntegerField(default=0)  # levels
    from_grant = models.ForeignKey("self", models.PROTECT, null=True, related_name="handed_on")
    chain = ArrayField(models.UUIDField())  # every grant above, the first one first
    given_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="given")
    given_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="revoked")

    objects = GrantQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["holder", "verb"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(limit__isnull=True) | models.Q(used__lte=models.F("limit")),
                name="grant_within_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(limit__isnull=True) | models.Q(limit__gte=1), name="grant_limit_positive"
            ),
            models.CheckConstraint(condition=models.Q(may_hand_on__gte=0), name="grant_depth_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} on {self.scope}"


COLOUR = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("A colour is written like #0f5f5c."))


def all_languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


class Movement(models.Model):
    """The one organization this installation serves."""

    only = models.BooleanField(primary_key=True, default=True)
    name = models.CharField(_("name"), max_length=80, default="Groundswell")
    tagline = models.CharField(_("tagline"), max_length=160, blank=True, default="")
    logo = models.BinaryField(null=True)
    logo_type = models.TextField(blank=True, default="")
    colour = models.CharField(_("main colour"), max_length=7, default="#0f5f5c", validators=[COLOUR])
    accent = models.CharField(_("accent colour"), max_length=7, default="#e8a317", validators=[COLOUR])
    time_zone = models.TextField(_("time zone"), default="America/New_York")
    country = models.CharField(_("country"), max_length=2, default="US")
    languages = ArrayField(models.CharField(max_length=8), default=all_languages)
    review_first_events = models.BooleanField(_("review the first events of a new host"), default=True)
    postal_address = models.TextField(_("postal address"), max_length=300, blank=True, default="", db_default="")
    mails_per_week = models.SmallIntegerField(_("mailings a person gets in a week"), default=3, db_default=3)
    agree_above = models.IntegerField(_("a second person agrees to mailings to more than"), default=500, db_default=500)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=True), name="one_movement")]

    def __str__(self) -> str:
        return self.name


class Bucket(models.Model):
    """A token bucket: how often a key may do something. One UPSERT takes a token."""

    key = models.TextField(primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
