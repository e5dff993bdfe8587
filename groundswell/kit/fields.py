"""Field types of PostgreSQL that Django does not bring: ltree paths and cube points."""

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    Text = models.TextField[str, str]
    NullableText = models.TextField[str | None, str | None]
    Email = models.EmailField[str, str]
    TextLookup = models.Lookup[str]
else:  # not generic at run time
    Text = NullableText = models.TextField
    Email, TextLookup = models.EmailField, models.Lookup

LABEL = re.compile(r"[A-Za-z0-9_]{1,255}\Z")


class LtreeField(Text):
    """A path of labels with dots between, `movement.place.us.vt`. Lookups: `within` (<@) and `covers` (@>)."""

    description = "ltree path"

    def db_type(self, connection: Any) -> str:
        return "ltree"

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not all(LABEL.match(label) for label in str(value).split(".")):
            raise ValidationError(_("A scope is made of letters, digits and underscores, with dots between."))


class _LtreeLookup(TextLookup):
    operator: str

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} {self.operator} {right}::ltree", (*left_params, *right_params)


@LtreeField.register_lookup
class Within(_LtreeLookup):
    """The path is the value or below it."""

    lookup_name = "within"
    operator = "<@"


@LtreeField.register_lookup
class Covers(_LtreeLookup):
    """The path is the value or above it."""

    lookup_name = "covers"
    operator = "@>"


class CubeField(NullableText):
    """A point for nearest-first search: a cube of three coordinates on the earth's surface, in metres."""

    description = "cube"

    def db_type(self, connection: Any) -> str:
        return "cube"


class CitextField(Email):
    """Text that compares without regard to case."""

    def db_type(self, connection: Any) -> str:
        return "citext"
