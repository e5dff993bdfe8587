"""A mail put into its MIME form once says in each copy what it would say written alone."""

import email
from email import policy
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.messaging.fields import Field, filled, parsed
from groundswell.messaging.mold import LINE, Mold, header

FIELD = st.builds(Field, st.just("name"), st.text(alphabet="xyzñ=", max_size=3))
WORDS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=200),
    st.sampled_from(["\n.\n", "y" * 75, "é" * 30, " \n", "=\n", "From the start\n"]),
)
TEXT = st.lists(st.one_of(WORDS, FIELD), max_size=6).map(tuple)


def mold(text, html=(), headers=(("From", "us@example.org"),)):
    return Mold(text=text, html=html, headers=headers, boundary="b0undary")


def read(raw):
    """Plain text and HTML of a mail, with line ends as the writer's."""
    parts = email.message_from_bytes(raw, policy=policy.SMTP).get_payload()
    return [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in parts]


@given(TEXT, TEXT, st.text(max_size=90))
def test_every_copy_reads_as_it_was_written(text, html, name):
    raw = mold(text, html).copy([("To", "erin@example.org")], {"name": name})
    assert all(len(line) <= LINE for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"") and raw.isascii()
    in_text, in_html = read(raw)
    assert in_text.rstrip("\n") == filled(text, {"name": name}).rstrip("\n")
    assert in_html.rstrip("\n") == filled(html, {"name": name}, escape).rstrip("\n")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '" onload="x', "&amp;", "a\r\nBcc: b@example.org\r\n\r\nx"]
)
def test_a_name_stays_a_name(name):
    raw = mold(parsed("{name}", {"name"}), parsed("<b>{name}</b>", {"name"})).copy([], {"name": name})
    message = email.message_from_bytes(raw, policy=policy.SMTP)
    assert message.keys() == ["From", "MIME-Version", "Content-Type"]
    assert "<script>" not in read(raw)[1] and '"' not in read(raw)[1]


@given(st.text(alphabet=st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs", "Cc"]), max_size=300))
def test_a_subject_of_any_length_is_folded_and_comes_whole(subject):
    said = header("Subject", " ".join(subject.split()))
    read = email.message_from_bytes(said + b"\r\n", policy=policy.SMTP)["subject"]
    assert " ".join(str(read).split()) == " ".join(subject.split())


@pytest.mark.parametrize("value", ["a\r\nBcc: b@example.org", "a\nb", "a\0b", "a\r"])
def test_a_value_of_several_lines_is_no_header(value):
    with pytest.raises(ValueError, match="Subject is one line"):
        header("Subject", value)
