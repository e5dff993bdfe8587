"""What makes a mail look like spam."""

import pytest

from groundswell.messaging import spam

GOOD = "We meet on Tuesday at seven in the library, and there is tea for everybody who comes."


@pytest.mark.parametrize("line", ["WIN BIG TONIGHT", "Come now!!", "a! b! c!", "Re: your gift", "RV: hola", "Make $$$"])
def test_a_subject_that_smells(line):
    assert list(spam.subject_smells(line))


@pytest.mark.parametrize(
    "line",
    ["Tonight!", "ACT UP in Vermont", "NASA", "{first_name|FRIEND}: see you", "Regarding the library", "$5 helps"],
)
def test_a_subject_that_does_not(line):
    assert not list(spam.subject_smells(line))


@pytest.mark.parametrize(
    ("body", "text", "pictures"),
    [
        ("[[image: https://x.example/a.png | x]]", "[x]", 1),
        ("Hi", "Hi", 0),
        (f"{GOOD} Now!!!", GOOD, 0),
        (f"{GOOD} [https://bank.example](https://elsewhere.example/x)", GOOD, 0),
        (f"{GOOD} [www.bank.example/login](https://bank.example.evil.example)", GOOD, 0),
    ],
)
def test_a_text_that_smells(body, text, pictures):
    assert list(spam.body_smells(body, text, pictures))


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        f"{GOOD} [example.org](https://www.example.org/a)",
        f"{GOOD} [our page at news.example.org](https://example.org)",
        f"{GOOD} [Read e.g. this](https://example.org)",
    ],
)
def test_a_text_that_does_not(body):
    assert not list(spam.body_smells(body, body, 1))


def test_shortened_links_are_found():
    links = ("https://bit.ly/x", "https://example.org/bit.ly", "https://www.tinyurl.com/y")
    assert spam.shortened(links) == ["https://bit.ly/x", "https://www.tinyurl.com/y"]
