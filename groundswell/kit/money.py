"""Money: a whole number of minor units and a currency. Never a float."""

import re
from dataclasses import dataclass

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

# ISO 4217: currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF"), 0) | dict.fromkeys(
    ("BHD", "JOD", "KWD", "OMR", "TND"), 3
)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


class BadMoney(ValueError):
    """Not an amount; the message is for the person who wrote it."""


@dataclass(frozen=True)
class Money:
    """An amount.

    Attributes:
        amount: minor units (cents for USD, whole yen for JPY).
        currency: three capital letters of ISO 4217.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"{self.currency!r} is not a currency of ISO 4217")

    @property
    def digits(self) -> int:
        """Decimal places of the currency."""
        return _DIGITS.get(self.currency, 2)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read an amount as people write it: 27, $27.50, 1,234.50, 1.234,50 or 1 234,50. Raises BadMoney.

        A sign before one to `digits` last figures is the decimal sign; before three it groups thousands.
        """
        digits = cls(0, currency).digits
        bare = re.sub(r"\s", "", text)
        for sign in (currency, _SIGNS.get(currency, currency)):
            bare = bare.removeprefix(sign).removesuffix(sign)
        decimals = rf"(?:[.,]([0-9]{{1,{digits}}}))?" if digits else ""
        match = re.fullmatch(rf"([0-9]+|[0-9]{{1,3}}(?:([,.'’])[0-9]{{3}})(?:\2[0-9]{{3}})*){decimals}", bare)
        doubtful = match and digits and match[2] == "." and bare.count(".") == 1 and not match[3]  # 27.505
        if not match or doubtful or len(bare) > 18:
            raise BadMoney(_("“%(text)s” is not an amount of money. Write it like 27 or 27.50.") % {"text": text[:40]})
        whole = re.sub("[^0-9]", "", match[1])
        fraction = (match[3] or "") if digits else ""
        return cls(int(whole + fraction.ljust(digits, "0")), currency)

    def shown(self, language: str) -> str:
        """The amount as that language writes numbers: $1,234.50, $1.234,50."""
        sign, minus = _SIGNS.get(self.currency, f"{self.currency}\u00a0"), "-" if self.amount < 0 else ""
        whole, part = divmod(abs(self.amount), 10**self.digits)
        plain = f"{whole}.{part:0{self.digits}d}" if self.digits else f"{whole}"
        with translation.override(language):
            return f"{minus}{sign}{number_format(plain, use_l10n=True, force_grouping=True)}"
