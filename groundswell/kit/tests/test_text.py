import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundswell.kit.text import clean_html, clean_line, fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [("José  Ñuñez", "jose nunez"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Łódź", "lodz"), ("Ærø", "aero")],
)
def test_folding_takes_away_case_accents_and_doubled_spaces(written, folded):
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_is_as_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("text", ["👩🏽‍🌾 Garden party", "اجتماع الجيران", "Zoë’s kitchen", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_a_line_keeps_emoji_and_right_to_left_names(text):
    assert clean_line(text) == text


def test_a_line_loses_control_characters_direction_overrides_and_breaks():
    assert clean_line(" one\x00\x07\r\n two\u202egnp.exe\u2069 \ud800") == "one twognp.exe"


@given(st.text())
def test_a_cleaned_line_is_one_clean_line(text):
    line = clean_line(text)
    assert clean_line(line) == line
    assert len(line.splitlines()) <= 1
    line.encode()


def test_html_keeps_paragraphs_and_links_and_loses_everything_that_runs():
    html = '<p onclick="x()">Hi <b>all</b> <a href="https://example.org" style="x">here</a></p><script>x()</script>'
    cleaned = clean_html(html)
    assert cleaned == '<p>Hi <b>all</b> <a href="https://example.org" rel="noopener nofollow ugc">here</a></p>'


@pytest.mark.parametrize(
    "html",
    [
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" data:text/html,x">x</a>',
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<iframe src=//evil.example></iframe>",
        '<p style="background:url(x)">x',
        "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    ],
)
def test_nothing_that_runs_survives(html):
    cleaned = clean_html(html)
    assert not any(word in cleaned for word in ("alert", "data:", "src", "style", "evil")) or "<" not in cleaned
