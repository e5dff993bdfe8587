"""Mails list the events near whoever reads them."""

import pytest
from django.core.cache import caches

from groundswell.events import selectors
from groundswell.events.tests import making
from groundswell.messaging import writing
from groundswell.messaging.writing import BadText
from groundswell.people.models import Person

HERE, THERE, NOWHERE = Person(postal_code="05401"), Person(postal_code="90210"), Person()


@pytest.fixture(autouse=True)
def fresh(db):
    caches["fragments"].clear()
    yield
    caches["fragments"].clear()


def made(people, body="[[events near you: 2]]", language="en"):
    mail = writing.compiled("x", "", body, language)
    return mail, writing.made_for(mail.slots[0], people, language)


def test_each_reader_gets_the_events_near_them():
    event = making.published(title="Open {kitchen} & <tea>")
    mail, said = made([HERE, THERE, NOWHERE])
    near = said[HERE.pk]
    assert (
        "Open {kitchen} &amp; &lt;tea&gt;" in near.html and f"/events/{event.pk}" in near.html and "style=" in near.html
    )
    assert "- Open {kitchen} & <tea>" in near.text and f"/events/{event.pk}" in near.text
    assert "There is no event with room near Beverly Hills yet." in said[THERE.pk].text
    assert "Find an event near you: http" in said[NOWHERE.pk].text
    copy = writing.copy(mail, {}, [near], {})
    assert "Open {kitchen} &amp; &lt;tea&gt;" in copy.html and "Open {kitchen} & <tea>" in copy.text


def test_the_exact_place_of_a_home_stays_with_its_guests():
    making.published(title="At home", venue="Kanarienweg hall", street="Kanarienweg 1", place_shown="guests")
    said = made([HERE])[1][HERE.pk]
    assert "At home" in said.text and "Kanarienweg" not in said.text + said.html


def test_the_search_is_made_once_for_each_postal_code(monkeypatch):
    making.published(title="Open kitchen")
    asked = []
    find = selectors.find
    monkeypatch.setattr(selectors, "find", lambda query: asked.append(query.place.postal_code) or find(query))
    people = [Person(postal_code=code) for code in ("05401", "05401-1234", "05602") for _n in range(50)]
    said = made(people)[1]
    assert len(said) == 150 and sorted(asked) == ["05401", "05602"]
    made(people)
    assert len(asked) == 2


def test_each_language_has_its_own():
    making.published(title="Open kitchen")
    english, spanish = (made([THERE], language=one)[1][THERE.pk].text for one in ("en", "es"))
    assert english != spanish and "Beverly Hills" in spanish


def test_a_number_that_is_none_is_refused():
    for bad in ("many", "0", "6", "-1", "{zip}"):
        with pytest.raises(BadText, match="Line 1: "):
            made([HERE], f"[[events near you: {bad}]]")
    assert made([HERE], "[[events near you]]")[1]
