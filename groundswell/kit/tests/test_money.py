import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit.money import BadMoney, Money


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("27", "USD", 2700),
        ("$27.5", "USD", 2750),
        (" 1,234.50 USD ", "USD", 123450),
        ("1.234,50", "EUR", 123450),
        ("1 234,50 €", "EUR", 123450),
        ("1,234", "USD", 123400),
        ("1,234,567", "JPY", 1234567),
        ("1.234", "KWD", 1234),
        ("0.05", "USD", 5),
    ],
)
def test_an_amount_is_read_as_people_write_it(text, currency, amount):
    assert Money.parse(text, currency) == Money(amount, currency)


@pytest.mark.parametrize("text", ["", "twenty", "-5", "1.2.3", "27.505", "1,23,456", "1e9", "∞", "٢٧", "9" * 30])
def test_what_is_not_an_amount_is_refused_in_the_persons_words(text):
    with pytest.raises(BadMoney, match="is not an amount of money"):
        Money.parse(text, "USD")


def test_a_currency_has_three_capital_letters():
    with pytest.raises(ValueError, match="not a currency"):
        Money(1, "dollars")


@given(st.integers(0, 10**12), st.sampled_from(["USD", "EUR", "JPY", "KWD", "CAD"]))
def test_what_is_shown_can_be_read_again(amount, currency):
    if currency != "KWD":  # of three decimals: a sign may then mean thousands as well
        assert Money.parse(Money(amount, currency).shown("en"), currency) == Money(amount, currency)


def test_an_amount_is_shown_as_the_language_writes_numbers():
    assert Money(123450, "USD").shown("en") == "$1,234.50"
    assert Money(-5, "USD").shown("en") == "-$0.05"
    assert Money(1234, "JPY").shown("en") == "JPY\u00a01,234"
    assert Money(123450, "EUR").shown("de") == "€1.234,50"
