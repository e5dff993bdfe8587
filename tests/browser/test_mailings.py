"""A mailing in a real browser, from the segment to the results: written, previewed, agreed to by a second person, sent
to a local mail server by a real worker, paused on its way and let go on."""

import re
import threading
from email import message_from_bytes, policy

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from groundswell.jobs import services as jobs
from groundswell.jobs import worker
from groundswell.kit import clock
from groundswell.messaging import looking
from groundswell.messaging.models import Delivery, Mailing
from groundswell.messaging.services import delivering, probing, steering
from groundswell.messaging.tests import launching
from groundswell.messaging.tests import sink as smtp
from groundswell.powers.models import Movement
from groundswell.powers.services import found_movement
from tests.at_once import HANGS_S, until
from tests.browser.conftest import check_with_axe, looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PEOPLE = 60


@pytest.fixture
def sink(settings):
    with smtp.running() as (sink, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        settings.EMAIL_TIMEOUT = HANGS_S
        yield sink


@pytest.fixture
def working(transactional_db):
    """A worker, as it runs beside the site."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=[stop, worker.Pace(poll=0.1, rounds=1)])
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def owners(context, transactional_db, settings, live_server):
    """The movement of dana and olga; sixty people agree to its news, and two persons send to more than five."""
    settings.BASE_URL = live_server.url
    settings.SECOND_FACTOR_REQUIRED = False
    found = {name: found_movement(f"{name}@example.org", "Green Mountain") for name in ("dana", "olga")}
    Movement.objects.update(agree_above=5, postal_address="1 Main Street\nBurlington, VT")
    launching.people(PEOPLE, given_name="Erin", postal_code="05401")
    return found


@pytest.fixture
def as_(context, owners, live_server):
    """Be another one in the same browser."""

    def be(name: str) -> None:
        client = Client()
        client.force_login(owners[name])
        context.clear_cookies()
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])

    return be


def build_the_segment(page):
    page.goto(reverse("people:new_segment"))
    page.locator("input[name=name]").fill("Friends of news")
    page.get_by_role("button", name="Save the segment").click()
    page.get_by_role("heading", name="Friends of news").wait_for()


def begin_and_write(page):
    """Two drafts, the second with three subjects; the hub says what is missing until it is there."""
    page.goto(reverse("messaging:mailings"))
    page.get_by_role("link", name="Begin a mailing").first.click()
    page.get_by_label("Name").fill("June news")
    page.get_by_label("To whom").select_option(label="Friends of news")
    page.get_by_role("button", name="Begin").click()
    page.get_by_text(f"{PEOPLE} people would get it now").wait_for()
    page.get_by_text("First mend what it cannot go with, above.").wait_for()
    page.get_by_role("link", name="Write").click()
    page.get_by_label("Subject 1").fill("Come along, {first_name|friend}")
    body = page.locator("textarea[name=body]")
    body.fill("Dear {first_name|friend},\n\n[Come along](https://example.org/a) on Saturday.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Draft A is saved.").wait_for()
    page.get_by_role("button", name="A copy of A").click()
    page.get_by_role("heading", name="Draft B", exact=True).wait_for()
    for number, text in enumerate(("Saturday", "It is on", "See you there"), start=1):
        page.get_by_label(f"Subject {number}").fill(text)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Draft B is saved.").wait_for()
    page.get_by_role("link", name="Preview for ten people").click()
    page.get_by_role("heading", name="How it arrives").wait_for()
    made = Mailing.objects.get()
    page.goto(reverse("messaging:mailing", args=[made.pk]))
    return made


def test_from_the_segment_to_the_results(page, sink, working, as_, monkeypatch):
    monkeypatch.setattr(probing.looking, "look", lambda url, **how: looking.Seen(status=200))  # nobody goes outside
    monkeypatch.setattr(delivering, "CHUNK", 5)
    monkeypatch.setattr(delivering, "LANES", 1)
    sink.pause = 0.4
    as_("dana")
    build_the_segment(page)
    made = begin_and_write(page)
    page.get_by_text(f"It goes to {PEOPLE} people, so a second person has to agree").wait_for()
    for look in looks(page):
        check_with_axe(page, f"before {look}")
    page.get_by_role("button", name="Ask for a second person").click()
    page.get_by_text("They are asked, by mail.").wait_for()

    until(lambda: any(b"Do you agree" in mail for mail in sink.taken))
    asked = message_from_bytes(next(mail for mail in sink.taken if b"Do you agree" in mail), policy=policy.default)
    assert asked["To"] == "olga@example.org"
    as_("olga")
    page.goto(re.search(r"https?://\S+/hq/mailings/\S+", asked.get_body(("plain",)).get_content())[0])
    page.get_by_role("button", name=f"I agree: send to {PEOPLE} people").click()
    page.get_by_text("You agreed.").wait_for()

    as_("dana")
    page.goto(reverse("messaging:mailing", args=[made.pk]))
    page.get_by_text("10 minutes until it begins").wait_for()
    check_with_axe(page, "waiting")
    sink.taken.clear()
    Mailing.objects.filter(pk=made.pk).update(starts_at=clock.now())  # ten minutes later
    jobs.enqueue(steering.BEGIN, mailing_id=str(made.pk))
    page.get_by_role("button", name="Pause it").wait_for()  # the page noticed by itself
    until(lambda: sink.taken)
    page.get_by_label("Why").fill("A typo in the date")
    page.get_by_role("button", name="Pause it").click()
    page.get_by_text("A typo in the date").wait_for()
    until(lambda: not Delivery.objects.filter(mailing=made, state="sending").exists())
    gone = Delivery.objects.filter(mailing=made, state="sent").count()
    assert 0 < gone < PEOPLE
    expect(page.locator("#progress")).to_contain_text(f"{gone} of {PEOPLE} done")
    for look in looks(page):
        check_with_axe(page, f"paused {look}")
    assert Delivery.objects.filter(mailing=made, state="sent").count() == gone

    sink.pause = 0.0
    page.get_by_role("button", name="Let it go on").click()
    expect(page.locator("#progress")).to_contain_text(f"{PEOPLE} of {PEOPLE} done")
    page.locator(".badge", has_text="finished").wait_for()
    made.refresh_from_db()
    assert made.state == Mailing.State.FINISHED
    mails = [message_from_bytes(mail, policy=policy.default) for mail in sink.taken]
    news = [mail for mail in mails if "@example.org" in mail["To"] and "Come along" in mail.get_body().get_content()]
    assert len({mail["To"] for mail in news}) == len(news) == PEOPLE

    link = re.search(r"http://\S+/l/\d+/[\w-]+", news[0].get_body(("plain",)).get_content())[0]
    seen = Client().get(re.sub(r"^https?://[^/]+", "", link), headers={"User-Agent": "Mozilla/5.0 (X11) Firefox/140.0"})
    assert seen.status_code == 302
    page.reload()
    page.get_by_role("heading", name="What came back").wait_for()
    page.get_by_text("None is ahead").first.wait_for()
    for subject in ("Saturday", "It is on", "See you there"):
        expect(page.get_by_role("row", name=re.compile(subject))).to_be_visible()
    for look in looks(page):
        check_with_axe(page, f"results {look}")
    page.locator(".states").get_by_role("link", name=str(PEOPLE)).click()
    expect(page.locator(".copies > li")).to_have_count(50)
    check_with_axe(page, "copies")
