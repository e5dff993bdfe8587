"""Before a mailing goes: what keeps it, what could be better, and what to do about each."""

import pytest
from django.urls import reverse
from django.utils import translation

from groundswell.jobs import hooks as jobs
from groundswell.jobs import services as queue
from groundswell.messaging import naming
from groundswell.messaging.models import Draft, Probe, Subject, Template, Version
from groundswell.messaging.services import probing
from groundswell.messaging.services.checking import State, checks
from groundswell.messaging.tests.web_and_names import names, web
from groundswell.people import services as people
from groundswell.people.services import NewPerson
from groundswell.powers.models import Movement
from groundswell.powers.movement import forget
from groundswell.powers.viewer import Viewer


@pytest.fixture
def ready(world, settings, monkeypatch):
    """Dana's mailing, with nothing wrong: an English and a Spanish text, a domain that is set up."""
    settings.DEFAULT_FROM_EMAIL = "News <news@example.org>"
    settings.DKIM_SELECTOR = "mail"
    settings.LOOK_AT_LOOPBACK = True
    Movement.objects.update(postal_address="1 Main St, Burlington, VT")
    forget()
    write(
        world, "en", "We meet on Tuesday at seven in the library, {first_name|friend}, and there is tea for everybody."
    )
    write(
        world,
        "es",
        "Nos vemos el martes a las siete en la biblioteca, {first_name|compa}, y hay té para todo el mundo.",
    )
    records = {
        "example.org": ["v=spf1 a:mail.example.org -all"],
        "mail._domainkey.example.org": ["v=DKIM1; k=rsa; p=MIGf"],
        "_dmarc.example.org": ["v=DMARC1; p=none"],
    }
    with names(records) as found:
        monkeypatch.setattr(naming, "resolver", lambda: found)
        yield records


def write(world, language, body, subjects=("See you on Tuesday?",), draft=0):
    draft, _new = Draft.objects.get_or_create(mailing=world.mailing, number=draft)
    version, _new = Version.objects.update_or_create(draft=draft, language=language, defaults={"body": body})
    version.subjects.all().delete()
    for number, line in enumerate(subjects):
        Subject.objects.create(version=version, number=number, text=line)
    probing.ask(world.mailing)


class Lease:
    """Held for good."""

    def transaction(self):
        from django.db import transaction

        return transaction.atomic()


def look(world):
    probing.look(Lease(), str(world.mailing.pk))


def found(world, name=None):
    look(world)
    every = checks(world.mailing, Viewer(world.users["dana"], strong=True))
    return [one for one in every if name in (None, one.name)]


def grave(world, name):
    """What is not fine under this name: (state, sentence and what to do)."""
    return [(one.state, f"{one.sentence} {one.what_to_do}") for one in found(world, name) if one.state != State.OK]


def test_a_mailing_with_nothing_wrong_can_go(world, ready):
    every = found(world)
    assert [(one.name, one.state, one.sentence) for one in every if one.state != State.OK] == []
    page = world.client("dana").get(reverse("messaging:checks", args=[world.mailing.pk])).content.decode()
    assert "It can go." in page and "v=spf1 a:mail.example.org -all" in page


# --- words ---------------------------------------------------------------------------------------------------------
def test_without_an_address_it_stops(world, ready):
    Movement.objects.update(postal_address=" ")
    forget()
    assert grave(world, "Postal address")[0][0] == State.STOP


def test_without_words_it_stops(world, ready):
    Version.objects.all().delete()
    assert grave(world, "Words") == [(State.STOP, "Nothing is written yet. Write a subject and a text.")]


@pytest.mark.parametrize(
    ("subjects", "body", "told"),
    [
        ((), "Nos vemos el martes.", "Draft A in Spanish has no subject"),
        (("Hola",), " ", "Draft A in Spanish has no text"),
    ],
)
def test_a_half_written_language_stops(world, ready, subjects, body, told):
    write(world, "es", body, subjects)
    ((state, sentence),) = grave(world, "Words")
    assert state == State.STOP and told in sentence


def test_a_subject_that_one_language_lacks_stops(world, ready):
    write(world, "en", "See you in the library on Tuesday at seven, friend.", ("One", "Two"))
    assert grave(world, "Words")[0][1].startswith("Draft A in Spanish has no subject 2.")


def test_a_draft_without_words_stops(world, ready):
    Draft.objects.create(mailing=world.mailing, number=1)
    ((state, sentence),) = grave(world, "Words")
    assert state == State.STOP and "Draft B in English has no text" in sentence


def test_a_language_that_is_not_written_at_all_is_a_warning(world, ready):
    Version.objects.filter(language="es").delete()
    ((state, sentence),) = grave(world, "Words")
    assert state == State.WARN and "There is no text in Spanish" in sentence


def test_in_spanish_a_language_is_written_small(world, ready):
    Version.objects.filter(language="es").delete()
    with translation.override("es"):
        assert any("en español." in one.sentence for one in found(world))


def test_a_template_with_a_field_that_is_gone_stops(world, ready):
    Version.objects.filter(language="en").update(body="Dear {shoe_size}, come.")
    ((state, sentence),) = grave(world, "Fields and blocks")
    assert state == State.STOP and "There is no field “shoe_size”" in sentence
    assert Template.objects.exists()


def test_a_copy_that_gmail_would_clip_stops(world, ready):
    write(world, "en", "Dear {first_name|friend}, " + "we meet tonight. " * 6_500)
    ((state, sentence),) = grave(world, "Size")
    assert state == State.STOP and "Gmail cuts off after 102 KB" in sentence


def test_the_longest_copy_is_measured(world, ready):
    write(world, "en", "{full_name}" * 900 + "tonight " * 1_000)
    assert grave(world, "Size") == []
    long = people.find_or_add(NewPerson("W" * 90, "X" * 90, email="l@example.org"), how="test").person
    people.tag(long, "canary-tag", actor="system:test")
    assert grave(world, "Size")[0][0] == State.STOP


def test_what_smells_of_spam_is_told_with_the_draft(world, ready):
    write(world, "en", "Come to the library on Tuesday. [x](https://bit.ly/x)", ("WIN BIG TONIGHT!!",))
    told = " ".join(sentence for _state, sentence in grave(world, "Looks like spam"))
    assert "Draft A in English" in told and "capitals" in told and "hides where it leads" in told


# --- links and pictures --------------------------------------------------------------------------------------------
def test_links_are_looked_at_in_a_job(world, ready):
    with web() as site:
        write(world, "en", f"See [here]({site}/ok) and [there]({site}/gone) on Tuesday at seven in the library.")
        (before,) = [c for c in checks(world.mailing, Viewer(world.users["dana"], strong=True)) if c.name == "Links"]
        assert before.state == State.STOP and before.sentence == "2 are not looked at yet."
        ((state, sentence),) = grave(world, "Links")
        assert state == State.STOP and f"{site}/gone is not there (404)." in sentence
        write(world, "en", f"See [here]({site}/ok) on Tuesday at seven in the library, and bring a friend.")
        assert grave(world, "Links") == []
        write(world, "en", f"See [here]({site}/forbidden) on Tuesday at seven in the library.")
        ((state, sentence),) = grave(world, "Links")
        assert state == State.WARN and "answers machines with 403" in sentence


def test_a_link_into_a_private_network_stops_and_nothing_is_asked(world, ready, settings):
    settings.LOOK_AT_LOOPBACK = False
    write(world, "en", "See [here](http://169.254.169.254/latest) on Tuesday at seven in the library.")
    assert "leads into a private network" in grave(world, "Links")[0][1]


def test_pictures_are_weighed(world, ready):
    with web() as site:
        text = "We meet on Tuesday at seven in the library, and there is tea for everybody who comes."
        write(world, "en", f"{text}\n\n[[image: {site}/image | A crowd]]")
        assert grave(world, "Pictures") == [] and "2 KB" in found(world, "Pictures")[0].sentence
        write(world, "en", f"{text}\n\n[[image: {site}/huge | A crowd]]")
        assert grave(world, "Pictures")[0] == (
            State.WARN,
            f"{site}/huge (600 KB). Make them smaller: a phone on the bus waits for each.",
        )
        write(world, "en", f"{text}\n\n[[image: {site}/ok | A crowd]]")
        assert "is no picture" in grave(world, "Pictures")[0][1]


def test_saving_has_new_links_looked_at_and_forgets_old_ones(world, ready):
    write(world, "en", "[x](https://one.example)")
    assert set(Probe.objects.values_list("target", flat=True)) == {"https://one.example", "example.org"}
    write(world, "en", "[x](https://two.example)")
    assert set(Probe.objects.values_list("target", flat=True)) == {"https://two.example", "example.org"}
    assert jobs.jobs[probing.JOB] is probing.look


def test_a_button_has_everything_looked_at_again(world, ready):
    look(world)
    assert not Probe.objects.filter(state="waiting").exists()
    dana, address = world.client("dana"), reverse("messaging:checks", args=[world.mailing.pk])
    assert dana.post(address).status_code == 302
    page = dana.get(address).content.decode()
    assert (
        Probe.objects.filter(state="waiting").count() == 1
        and "<progress" in page
        and 'hx-trigger="load delay:2s"' in page
    )
    part = dana.get(address, headers={"HX-Request": "true", "HX-Target": "checked"}).content.decode()
    assert "<html" not in part and "<progress" in part


def test_an_answer_that_comes_after_the_lease_is_lost_is_not_kept(world, ready):
    class Lost:
        def transaction(self):
            raise queue.LeaseLost

    with pytest.raises(queue.LeaseLost):
        probing.look(Lost(), str(world.mailing.pk))
    assert Probe.objects.filter(state="waiting").count() == 1


# --- the domain ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "asked", "records", "told"),
    [
        ("SPF", "example.org", [], 'Put into DNS: example.org. TXT "v=spf1'),
        ("SPF", "example.org", ["v=spf1 +all"], "Anybody may send"),
        ("SPF", "example.org", ["v=spf1 -all", "v=spf1 a -all"], "There are 2 records"),
        (
            "SPF",
            "example.org",
            ["v=spf1 " + " ".join(f"include:s{n}.example" for n in range(11)) + " -all"],
            "11 further",
        ),
        ("SPF", "example.org", None, "DNS did not answer"),
        ("DKIM", "mail._domainkey.example.org", [], "There is no key at mail._domainkey.example.org"),
        ("DKIM", "mail._domainkey.example.org", ["v=DKIM1; p="], "There is no key"),
        ("DMARC", "_dmarc.example.org", [], 'Put into DNS: _dmarc.example.org. TXT "v=DMARC1; p=none'),
        ("DMARC", "_dmarc.example.org", ["v=DMARC1; rua=mailto:a@example.org"], "names no policy"),
    ],
)
def test_what_the_domain_lacks_is_told_with_what_to_put_into_dns(world, ready, name, asked, records, told):
    ready[asked] = records
    ((state, sentence),) = grave(world, name)
    assert state == State.WARN and told in sentence


def test_alignment_is_told(world, ready):
    ready["_dmarc.example.org"] = ["v=DMARC1; p=reject; adkim=s"]
    (check,) = found(world, "DMARC")
    assert check.sentence == "The policy is “reject”. Aligned is what is signed or sent by exactly example.org."


def test_without_a_selector_no_key_is_looked_for(world, ready, settings):
    settings.DKIM_SELECTOR = ""
    assert "Set DKIM_SELECTOR" in grave(world, "DKIM")[0][1]


def test_a_machine_without_a_domain_is_told_so(world, ready, settings):
    settings.DEFAULT_FROM_EMAIL = "groundswell@localhost"
    probing.ask(world.mailing)
    assert "no domain of the internet" in grave(world, "Sending domain")[0][1]


def test_checks_are_told_in_spanish(world, ready):
    Movement.objects.update(postal_address="")
    forget()
    with translation.override("es"):
        assert "dirección postal" in grave(world, "Dirección postal")[0][1]
