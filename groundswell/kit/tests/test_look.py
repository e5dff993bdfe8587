"""Any two colours make a sheet whose text can be read, by day and by night."""

import re

from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit import look

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def found(css: str, name: str) -> list[str]:
    """A property's value by day and by night."""
    return re.findall(rf"--{name}:(#[0-9a-f]{{6}})", css)


@given(COLOURS, COLOURS)
def test_text_in_the_movements_colours_can_be_read(brand, accent):
    css = look.colours(brand, accent)
    grounds = (look.SUNK, look.DARK_RAISED)
    for text, fill, ground in zip(found(css, "brand-text"), found(css, "brand-fill"), grounds, strict=True):
        assert look.contrast(text, ground) >= look.READABLE
        assert look.contrast(fill, ground) >= 3
    for on, fill in (("on-brand", "brand-fill"), ("on-accent", "accent"), ("brand-text", "brand-wash")):
        for one, other in zip(found(css, on), found(css, fill), strict=True):
            assert look.contrast(one, other) >= look.READABLE


def test_contrast_is_that_of_wcag():
    assert round(look.contrast("#000000", "#ffffff"), 2) == 21
    assert round(look.contrast("#777777", "#ffffff"), 2) == 4.48


def test_unreadable_as_it_was_chosen():
    """The control: a pale colour would not do."""
    assert (
        look.contrast("#ffe9a8", look.SUNK)
        < look.READABLE
        <= look.contrast(look.readable("#ffe9a8", look.SUNK), look.SUNK)
    )


def test_the_address_of_the_sheet_changes_with_the_colours():
    assert look.version("#0f5f5c", "#e8a317") != look.version("#0f5f5d", "#e8a317")


def test_the_tokens_of_the_sheet_itself_can_be_read():
    for part in (look.FOLDER / "2-tokens.css").read_text("utf-8").split("@media"):
        colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part))
        for text in ("ink", "soft", "danger", "good"):
            for ground in ("paper", "raised", "sunk"):
                assert look.contrast(colour[text], colour[ground]) >= look.READABLE, (text, ground)
        for ground in ("paper", "raised"):
            assert look.contrast(colour["edge"], colour[ground]) >= 3
        for text, ground in (("danger", "danger-wash"), ("good", "good-wash"), ("ink", "note-wash")):
            assert look.contrast(colour[text], colour[ground]) >= look.READABLE
