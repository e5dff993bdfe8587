"""What powers asks of floors above: their verbs. Filled in `AppConfig.ready()`."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Verb:
    """Something one may do.

    Attributes:
        name: `app.what`.
        sentence: completes "You may ..."; lazily translated.
        everyone: whoever signs in may, without a grant.
        strong: shows people beyond one's own, so a second factor is required.
    """

    name: str
    sentence: str | Promise
    everyone: bool = False
    strong: bool = False


verbs: dict[str, Verb] = {}


def register_verbs(declared: Iterable[Verb]) -> None:
    """Declare verbs; a name declared twice with different meaning is a mistake of ours."""
    for verb in declared:
        if verbs.setdefault(verb.name, verb) is not verb:
            raise ValueError(f"The verb {verb.name} is declared twice.")
