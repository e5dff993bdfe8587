"""What powers asks of floors above: their verbs, how people are called, who wants to know of a sign-in. Filled in
`AppConfig.ready()`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.functional import Promise


@dataclass(frozen=True)
class Verb:
    """Something one may do.

    Attributes:
        name: `app.what`.
        sentence: completes "You may ..."; lazily translated.
        everyone: whoever signs in may, without a grant.
        strong: shows people beyond one's own, so a second factor is required.
        counted: whoever does it calls `services.spend`, so it can be given for a number of times.
    """

    name: str
    sentence: str | Promise
    everyone: bool = False
    strong: bool = False
    counted: bool = False


verbs: dict[str, Verb] = {}


def register_verbs(declared: Iterable[Verb]) -> None:
    """Declare verbs; a name declared twice with different meaning is a mistake of ours."""
    for verb in declared:
        if verbs.setdefault(verb.name, verb) is not verb:
            raise ValueError(f"The verb {verb.name} is declared twice.")


def verb(name: str) -> Verb:
    """The declared verb.

    Raises:
        ValueError: no floor declared it; a mistake of ours.
    """
    try:
        return verbs[name]
    except KeyError:
        raise ValueError(f"No floor declares the verb {name}.") from None


_display_name: Callable[[AbstractBaseUser], str] | None = None


def register_display_name(name_of: Callable[[AbstractBaseUser], str]) -> None:
    """How a user is called in sentences; an empty answer falls back to their address before the @."""
    global _display_name
    _display_name = name_of


def display_name(user: AbstractBaseUser) -> str:
    """What others read for this user. Never the whole address."""
    return (_display_name(user) if _display_name else "") or user.get_username().partition("@")[0]


Proved = Callable[[Any], object]  # gets the User
proved: list[Proved] = []


def register_proved(tell: Proved) -> None:
    """Call this, in the same transaction, when somebody proved that a user's address is theirs."""
    proved.append(tell)


class Said(Protocol):
    """The words of a mail. The code stands after the first paragraph, whatever they say."""

    @property
    def subject(self) -> str: ...
    @property
    def paragraphs(self) -> Sequence[str]: ...


code_words: Callable[[Mapping[str, str]], Said]


def register_code_words(words_of: Callable[[Mapping[str, str]], Said]) -> None:
    """How the mail with a code to sign in is worded: gets `code` and the movement's `name`."""
    global code_words
    code_words = words_of
