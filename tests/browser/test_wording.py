"""A mailing is written in a real browser, with the mail beside the text, and by plain forms without a script."""

import pytest
from django.test import Client
from django.urls import reverse

from groundswell.messaging.models import Draft, Mailing, Subject
from groundswell.people import segments, services
from groundswell.people.services import NewPerson
from groundswell.powers.services import found_movement
from groundswell.powers.viewer import Viewer
from tests.browser.conftest import check_with_axe, looks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mailing(context, transactional_db, settings, live_server):
    """A mailing that dana began, to twelve people; her browser."""
    settings.SECOND_FACTOR_REQUIRED = False
    owner = found_movement("dana@example.org", "Green Mountain")
    services.find_or_add(NewPerson("Dana", "Fox", email="dana@example.org"), how="test")
    services.person_of_user(owner)
    for n in range(12):
        services.find_or_add(
            NewPerson(f"Person{n}", "Hill", email=f"h{n}@example.org", postal_code="05401"), how="test"
        )
    everybody = services.save_segment(Viewer(owner, strong=True), services.Draft("All", segments.read({"all": []})))
    made = Mailing.objects.create(name="September news", segment=everybody, made_by=owner)
    Draft.objects.create(mailing=made, number=0)
    client = Client()
    client.force_login(owner)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return made


def words(page):
    return page.locator("textarea[name=body]")


def test_two_drafts_with_three_subjects_each_are_written_and_previewed(page, mailing):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(reverse("messaging:write", args=[mailing.pk]))
    page.get_by_label("Subject 1").fill("{first_name|You}, tonight")
    page.get_by_label("Subject 2").fill("See you tonight?")
    page.get_by_label("Subject 3").fill("One evening")
    words(page).fill("Dear ")
    page.locator("summary", has_text="Fields").click()
    page.locator("button[value='field:first_name']").click()
    words(page).press("End")
    words(page).type(",\n\nCome.")
    page.locator("button[value='block:button']").click()
    assert words(page).input_value() == "Dear {first_name|friend},\n\nCome.\n\n[[button: Come along | https://]]\n\n"
    page.get_by_text("Not saved yet.").wait_for()
    page.get_by_text("is no whole address").first.wait_for()
    words(page).fill(words(page).input_value().replace("https://", "https://example.org/rsvp"))
    page.locator(".good-line").wait_for()
    page.frame_locator(".beside iframe").get_by_text("Dear Dana,").wait_for()
    page.locator(".drafts").get_by_text("See you tonight?").wait_for()

    page.get_by_role("button", name="A copy of A").click()
    page.get_by_role("heading", name="Draft B", exact=True).wait_for()
    words(page).fill("Shorter, {first_name|friend}.")
    page.frame_locator(".beside iframe").get_by_text("Shorter, Dana.").wait_for()
    assert Subject.objects.count() == 6 and mailing.drafts.count() == 2

    page.get_by_role("link", name="Preview for ten people").click()
    page.frame_locator("iframe").get_by_text("Shorter, ").wait_for()
    page.get_by_role("link", name="Draft A").click()
    page.locator(".readers a").nth(3).click()
    page.frame_locator("iframe").get_by_role("link", name="Come along").wait_for()
    page.get_by_role("button", name="Send a test to me").click()
    page.get_by_text("A copy is on its way to dana@example.org").wait_for()


def test_it_works_without_a_script(browser, mailing, context, live_server):
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(reverse("messaging:write", args=[mailing.pk]))
    page.get_by_label("Subject 1").fill("Tonight")
    words(page).fill("Hello.")
    page.locator("button[value='block:button']").click()
    assert "[[button: Come along" in words(page).input_value()
    words(page).fill("Dear {first_nam}.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("There is no field “first_nam”").first.wait_for()
    words(page).fill("Dear {first_name|friend}.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Draft A is saved.").wait_for()
    page.get_by_label("Subject 2").fill("Tomorrow")
    page.get_by_label("Subject 2").press("Enter")
    page.get_by_text("Draft A is saved.").wait_for()
    assert page.locator(".drafts").get_by_text("Tomorrow").is_visible()
    assert page.locator("textarea[name=body]").input_value().strip() == "Dear {first_name|friend}."
    plain.close()


@pytest.mark.parametrize(("language", "states"), [("", ("empty", "full")), ("/es", ("full",))])
def test_pages_of_writing_look_right_and_axe_finds_nothing(page, mailing, shots, language, states):
    long = "A subject that is so long that no mailbox in the world shows the whole of it, not even on a wide screen"
    addresses = [f"{language}/hq/mailings/{mailing.pk}/{name}" for name in ("write", "preview", "checks")]
    addresses.append(f"{language}/hq/mailings/templates")
    for state in states:
        if state == "full":
            fill(page, addresses[0], long)
        for address in addresses:
            page.goto(address)
            for look in looks(page):
                where = f"{address.rpartition('/')[2]}-{state}-{language.strip('/') or 'en'}-{look}"
                page.screenshot(path=shots / f"wording-{where}.png", full_page=True)
                check_with_axe(page, where)


def fill(page, address, long):
    """Two drafts and a template."""
    page.goto(address)
    page.set_viewport_size({"width": 1280, "height": 800})
    for number, line in enumerate((long, "{first_name|You}: tonight", "Tonight")):
        page.locator(f"[name=subject_{number}]").fill(line)
    page.locator("[name=preview]").fill("We meet at seven, {first_name|friend}, and there is tea.")
    words(page).fill(
        "Dear {first_name|friend},\n\n# Tonight at seven\n\nWe meet in **{city|your town}**. "
        + "There is so much to do and so few evenings left. " * 6
        + "\n\n- bring a friend\n- bring a chair\n\n[[button: Come along | https://example.org/rsvp]]\n\n"
        "[[amounts: $5 $10 $27 $50 | https://example.org/give]]"
    )
    page.locator(".good-line").wait_for()
    page.locator("#template_name").fill("Invitation to a meeting")
    page.locator("button[value=keep]").click()
    page.locator("button[value=copy]").click()
    page.locator(".drafts a").nth(1).wait_for()
