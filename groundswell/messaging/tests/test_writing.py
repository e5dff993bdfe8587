"""What somebody types becomes a mail: in HTML and text, safe, with fields and links where the copies fill them in."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundswell.messaging import hooks, writing
from groundswell.messaging.fields import Field
from groundswell.messaging.hooks import BadBlock, Block, PersonalBlock, Words, register_block
from groundswell.messaging.mold import Mold
from groundswell.messaging.writing import BadText, compiled, copy, taken_apart
from groundswell.people.models import Person
from groundswell.powers.models import Movement

FACE = Movement(name="Green {Mountain} & <Co>", postal_address="1 Main St\nBurlington, VT 05499")


@pytest.fixture(autouse=True)
def face(monkeypatch):
    monkeypatch.setattr(writing, "movement", lambda: FACE)


@pytest.fixture
def blocks(monkeypatch):
    monkeypatch.setattr(hooks, "blocks", dict(hooks.blocks))


def mail(body, subject="Hello", preview="", language="en"):
    return compiled(subject, preview, body, language)


def read(body, **values):
    return copy(mail(body), values, [], {})


def visible(html: str) -> str:
    """What a reader sees of a document, roughly."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>|<!--.*?-->", "", html, flags=re.DOTALL))


# --- markup --------------------------------------------------------------------------------------------------------
def test_headings_lists_quotes_and_emphasis_are_in_html_and_text():
    found = read("# Tonight\n\nWe *need* **you**.\n\n- one\n- two\n  1. inner\n\n> They said\n> so\n\n---\n\nEnd")
    for tag in ("<h2 ", "<em>need</em>", "<strong>you</strong>", "<ul ", "<ol ", "<blockquote ", "<hr "):
        assert tag in found.html
    text = found.text.partition("\n-- \n")[0]
    assert text == (
        "Tonight\n\nWe need you.\n\n- one\n- two\n  1. inner\n\n> They said\n> so\n\n* * *\n\nEnd\n"
    )  # fmt: skip


def test_a_line_break_stays_one():
    found = read("One\nTwo")
    assert "One<br>" in found.html and "One\nTwo" in found.text


def test_every_style_stands_beside_its_tag():
    assert '<p style="' in read("Hello").html


def test_links_are_numbered_once_each_and_written_out_in_the_text():
    found = mail("See [the plan](https://example.org/a?b=1&c=2), https://example.org/b. [Again](https://example.org/b)")
    assert found.links == ("https://example.org/a?b=1&c=2", "https://example.org/b")
    assert found.html.count('href="{link_0}"') == 1 and found.html.count('href="{link_1}"') == 2
    assert "https://example.org/a" not in found.html
    assert "See the plan <{link_0}>, {link_1}. Again <{link_1}>" in found.text


def test_mail_and_telephone_links_lead_where_they_say():
    found = mail("[Write](mailto:a@example.org?subject=x&cc=y) or [call](tel:+18025550177), <b@example.org>")
    assert found.links == ()
    assert 'href="mailto:a@example.org?subject=x&amp;cc=y"' in found.html and 'href="tel:+18025550177"' in found.html
    assert "call <tel:+18025550177>, b@example.org" in found.text


@pytest.mark.parametrize(
    "body",
    [
        "[x](javascript:alert(1))",
        "[x](data:text/html,x)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](/events)",
        "[x](https://)",
        "[x](https://example.org:0/)",
        "[x](https://example.org/{zip})",
        "[[button: x | https://example.org/?zip={zip}]]",
        "[[button: x | javascript:alert(1)]]",
        "[[image: ftp://example.org/a.png | x]]",
        "[[button: Come along]]",
        "[[image: https://example.org/a.png]]",
        "[[amounts: five | https://example.org]]",
        "[[amounts: 1 2 3 4 5 6 7 8 9 | https://example.org]]",
        "[x](https://example.org/" + "a" * 2_000 + ")",
    ],
)
def test_what_is_no_whole_address_is_refused_with_its_line(body):
    with pytest.raises(BadText, match="Line 3: "):
        mail(f"One\n\n{body}")


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "<mj-raw><script>alert(1)</script></mj-raw>",
        "<!-- x --><style>p:after</style>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "![x](https://example.org/a.png)",
        "⟦0⟧ ⟦2⟧",
        "\ufdd0f0\ufdd1 \ufdd0unsubscribe_url\ufdd1",
    ],
)
def test_what_is_typed_is_never_markup(payload):
    plain = read("Hello", first_name="x").html
    where = f"[[button: {payload} | https://example.org]]\n\n{payload}\n\n{{first_name|{payload}}}\n\n# {payload}"
    for found in (read(where), read("Hello {first_name}", first_name=payload)):
        tags = re.findall(r"<(script|img|svg|mj-raw|style)\b", found.html)
        assert sorted(tags) == sorted(re.findall(r"<(script|img|svg|mj-raw|style)\b", plain))
        assert not re.search(r"<[^>]*\son\w+=", found.html)


@given(st.text(alphabet=st.characters(exclude_characters="{}"), max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_becomes_a_mail_or_is_refused_in_words(body):
    try:
        found = mail(body)
    except BadText as refused:
        assert str(refused).startswith("Line ")
    else:
        assert "<script" not in found.html and not {"\ufdd0", "\ufdd1"} & {*found.html, *found.text}


# --- fields --------------------------------------------------------------------------------------------------------
def test_fields_stand_in_subject_preview_and_body():
    found = copy(
        mail("Dear {first_name|friend},", "In {city|your town}", "{first_name|You}: tonight"),
        {"first_name": "Zoë", "city": ""},
        [],
        {},
    )
    assert (found.subject, found.preview) == ("In your town", "Zoë: tonight")
    assert "Dear Zoë," in found.html and "Dear Zoë," in found.text and "Zoë: tonight" in found.html


@pytest.mark.parametrize(
    "bad",
    [
        "{last}",
        "{{first_name}}",
        "{% load x %}",
        "{first_name.__class__}",
        "{first_name!r:>9}",
        "{0}",
        "{unsubscribe_url}",
    ],
)
@pytest.mark.parametrize("where", ["subject", "preview", "body"])
def test_what_is_no_field_is_refused_wherever_it_stands(bad, where):
    written = {"subject": "Hello", "preview": "", "body": "Hello"} | {where: f"x {bad}"}
    with pytest.raises(BadText):
        compiled(written["subject"], written["preview"], written["body"], "en")
    if where == "body":
        with pytest.raises(BadText, match="Line 2: "):
            mail(f"One\nTwo {bad}")


@pytest.mark.parametrize(
    "value",
    ["{{ settings.SECRET_KEY }}", "{% load x %}", "${7*7}", "{city}", "{0.__class__}", "%(x)s", "\"'><b>", "{slot_0}"],
)
def test_a_value_is_never_read_again(value):
    found = read("A {first_name} [x](https://example.org)", first_name=value, city="WRONG")
    assert value in found.text and "WRONG" not in found.html + found.text
    assert "<b>" not in found.html


def test_braces_of_the_movement_and_of_styles_come_out_as_they_are():
    found = read("Hello")
    assert "Green {Mountain} &amp; &lt;Co&gt;" in found.html and "Green {Mountain} & <Co>" in found.text
    assert "@media (prefers-color-scheme: dark) {" in found.html and "{{" not in found.html


def test_a_finished_document_is_taken_apart_to_the_same():
    pieces = taken_apart("a{{b}}{first_name|x}}}{{{city}")
    assert pieces == ("a{b}", Field("first_name", "x"), "}{", Field("city"))


# --- what stands below ---------------------------------------------------------------------------------------------
def test_every_mail_says_who_writes_why_and_how_to_leave():
    for language, words in (("en", "You get this because"), ("es", "Recibes esto porque")):
        found = mail("Hello", language=language)
        for document in (found.html, found.text):
            assert words in document and "1 Main St" in document and "{unsubscribe_url}" in document
        assert '<a href="{trap_url}" aria-hidden="true" tabindex="-1"' in found.html and "{trap_url}" not in found.text
        assert "{web_url}" in found.html and 'src="{open_url}"' in found.html
        assert f'lang="{language}"' in found.html


def test_a_mail_goes_into_the_mold(blocks):
    found = mail("Dear {first_name|friend}, [x](https://example.org)\n\n[[button: Go | https://example.org/b]]")
    mold = Mold(
        text=taken_apart(found.text), html=taken_apart(found.html), headers=[("Subject", "x")], boundary="=_b_="
    )
    values = {"first_name": "Zoë", "link_0": "https://m.example/l/1/t", "unsubscribe_url": "https://m.example/u/t"}
    raw = mold.copy([("To", "zoe@example.org")], values)
    assert b"https://m.example/l/1/t" in raw.replace(b"=\r\n", b"") and "Zoë".encode() not in raw


# --- blocks --------------------------------------------------------------------------------------------------------
def test_a_block_nobody_registered_is_refused_by_its_name():
    with pytest.raises(BadText, match="Line 1: There is no block “petition”"):
        mail("[[petition: save-the-library]]")


def test_amounts_tell_the_page_which_one():
    found = mail("[[amounts: $5 $10.50 27 | https://example.org/give?r=1]]")
    assert found.links == tuple(f"https://example.org/give?r=1&amount={n}" for n in ("5", "10.50", "27"))
    assert "$10.50: {link_1}" in found.text


def test_a_picture_says_what_it_shows():
    found = mail('[[image: https://example.org/a.png?x=1&y=2 | A "crowd"]]')
    assert found.images == ("https://example.org/a.png?x=1&y=2",)
    assert 'src="https://example.org/a.png?x=1&amp;y=2"' in found.html and "A &quot;crowd&quot;" in found.html
    assert '[A "crowd"]' in found.text


def test_a_floor_above_adds_a_block_that_all_see_alike(blocks):
    def progress(slug):
        if slug != "save-the-library":
            raise BadBlock(f"There is no petition “{slug}”.")
        return [
            Words("<p><strong>412 of 500</strong> signed.</p>", "412 of 500 signed."),
            hooks.Button("Sign", "https://example.org/s"),
        ]

    register_block(Block("petition", "Petition", "slug", progress))
    found = mail("[[Petition: save-the-library]]")
    assert "<strong>412 of 500</strong>" in found.html and "412 of 500 signed." in found.text
    assert found.links == ("https://example.org/s",)
    with pytest.raises(BadText, match="Line 1: There is no petition “x”"):
        mail("[[petition: x]]")


def test_a_floor_above_adds_a_block_made_for_each_reader(blocks):
    def check(arguments):
        if not arguments.isdigit():
            raise BadBlock("How many? Write a number.")

    def fill(arguments, people):
        return {
            person.pk: Words(f"<p>{arguments} near {person.postal_code}</p>", f"{arguments} near {person.postal_code}")
            for person in people
        }

    register_block(PersonalBlock("near you", "Near you", "3", check, fill))
    found = mail("Before\n\n[[near you: 3]]\n\nAfter\n\n[[near you: 5]]\n\n[[near you: 3]]")
    assert found.slots == ("near you: 3", "near you: 5")
    assert found.text.count("{slot_0}") == 2 and found.html.count("{slot_1}") == 1
    people = [Person(postal_code="05401"), Person(postal_code="05602")]
    made = [writing.made_for(slot, people, "en") for slot in found.slots]
    seen = copy(found, {}, [one[people[1].pk] for one in made], {})
    assert "3 near 05602" in seen.text and "5 near 05602" in visible(seen.html) and "05401" not in seen.html
    with pytest.raises(BadText, match="Line 2: How many"):
        mail("x\n[[near you: three]]")
    with pytest.raises(BadText, match="takes no fields"):
        mail("[[near you: {zip}]]")


def test_a_block_is_registered_once(blocks):
    with pytest.raises(ValueError, match="registered twice"):
        register_block(Block("button", "x", "y", lambda arguments: []))


def test_a_mail_fetches_nothing_that_its_writer_did_not_put_in():
    found = mail("Hello [x](https://example.org)")
    assert set(re.findall(r"(?:https?:)?//[^\s\"'<>]+", found.html)) == {"http://www.w3.org/1999/xhtml"}
