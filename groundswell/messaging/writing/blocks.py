"""Writing's own blocks: a button, a picture, amounts to give."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groundswell.kit.money import BadMoney, Money
from groundswell.messaging.hooks import BadBlock, Block, Button, Image, Part, Row
from groundswell.messaging.writing.markup import address

MOST_AMOUNTS = 8
BESIDE = 4  # amounts in a row


def button(arguments: str) -> Sequence[Part]:
    """`Words on it | address`."""
    label, url = _two(arguments, _("A button is written like [[button: Come along | https://example.org]]."))
    return [Button(label, address(url))]


def image(arguments: str) -> Sequence[Part]:
    """`address | what it shows`."""
    url, alt = _two(arguments, _("A picture is written like [[image: https://example.org/a.jpg | What it shows]]."))
    return [Image(address(url), alt)]


def amounts(arguments: str) -> Sequence[Part]:
    """`$5 $10 $27 | address`: a button each; the address is told which one in `amount`."""
    listed, url = _two(arguments, _("Amounts are written like [[amounts: $5 $10 $27 | https://example.org/give]]."))
    labels = listed.split()
    if len(labels) > MOST_AMOUNTS:
        raise BadBlock(_("At most %(most)s amounts.") % {"most": MOST_AMOUNTS})
    buttons = [Button(label, _asking(address(url), _number(label))) for label in labels]
    return [Row(tuple(buttons[at : at + BESIDE])) for at in range(0, len(buttons), BESIDE)]


def _two(arguments: str, example: str) -> tuple[str, str]:
    one, _sign, other = (part.strip() for part in arguments.rpartition("|"))
    if not one or not other:
        raise BadBlock(example)
    return one, other


def _number(label: str) -> str:
    try:
        cents = Money.parse(label, "USD" if label.startswith("$") else "EUR").amount
    except BadMoney as wrong:
        raise BadBlock(str(wrong)) from None
    return f"{cents / 100:.2f}".removesuffix(".00")


def _asking(url: str, amount: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode({"amount": amount})]))))


OWN = [
    Block("button", gettext_lazy("Button"), gettext_lazy("Come along | https://"), button),
    Block("image", gettext_lazy("Picture"), gettext_lazy("https:// | What it shows"), image),
    Block("amounts", gettext_lazy("Amounts"), "$5 $10 $27 $50 | https://", amounts),
]
