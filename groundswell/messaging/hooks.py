"""What messaging asks of floors above: the mails they send by themselves. Filled in `AppConfig.ready()`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from groundswell.messaging.fields import Values

Text = str | Promise


def _no_example() -> Values:
    return {}


@dataclass(frozen=True)
class Letter:
    """A kind of mail that the house sends by itself, in our words; a movement may put its own in their place.

    Attributes:
        name: `app.kind`.
        to: the people who get it, as the list of letters calls them.
        sentence: completes "It goes out ...".
        subject, paragraphs: ours; fields stand in them as `%(name)s`. A paragraph that says nothing is left out.
        fields: what may stand in its words, and how people call each.
        stays: what goes with it whatever its words.
        example: a real value of each field, in the language of the page.
    """

    name: str
    to: Text
    sentence: Text
    subject: Text
    paragraphs: tuple[Text, ...]
    fields: Mapping[str, Text]
    stays: Text = ""
    example: Callable[[], Values] = _no_example


letters: dict[str, Letter] = {}


def register_letter(*declared: Letter) -> None:
    """Let headquarters word these mails."""
    for letter in declared:
        if letters.setdefault(letter.name, letter) is not letter:
            raise ValueError(f"The letter {letter.name} is registered twice.")
