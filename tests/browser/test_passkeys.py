"""Signing in, and second factors, in a real browser with a passkey of its own."""

import re

import pytest
from django.core import mail

from groundswell.powers.services import found_movement
from tests.browser.conftest import check_with_axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dana(transactional_db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    return found_movement("dana@example.org", "Green Mountain")


@pytest.fixture
def authenticator(context, page):
    """A phone's fingerprint reader that always says yes."""
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in_by_code(page, email):
    page.goto("/account/sign-in/")
    page.get_by_label("Your email address").fill(email)
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("The code from our mail").wait_for()
    page.get_by_label("The code from our mail").fill(re.search(r"\d{4}-\d{4}", mail.outbox[-1].body)[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/me")


def test_an_owner_adds_a_passkey_on_the_way_to_a_page_and_later_needs_nothing_else(page, dana, authenticator):
    sign_in_by_code(page, "dana@example.org")
    page.goto("/hq/people")
    assert page.get_by_role("heading", name="How you sign in").is_visible()  # not before a second factor
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("A name for it").fill("My phone")
    page.get_by_label("Let me sign in with it alone").check()
    page.get_by_role("button", name="Add it now").click()
    page.get_by_role("link", name="Go on to where you were going").click()
    page.wait_for_url("**/hq/people")

    page.goto("/account/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/account/sign-in/?next=/hq/people")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/hq/people")


def test_a_code_by_mail_is_not_enough_once_there_is_a_passkey(page, dana, authenticator):
    sign_in_by_code(page, "dana@example.org")
    page.goto("/account/safety/passkeys/add/")
    page.get_by_role("button", name="Add it now").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    page.context.clear_cookies()

    page.goto("/account/sign-in/?next=/hq/people")
    page.get_by_label("Your email address").fill("dana@example.org")
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("The code from our mail").wait_for()
    page.get_by_label("The code from our mail").fill(re.search(r"\d{4}-\d{4}", mail.outbox[-1].body)[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="One more step").wait_for()
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url("**/hq/people")


def test_a_passkey_that_does_not_answer_is_said(page, dana):
    sign_in_by_code(page, "dana@example.org")
    page.goto("/account/safety/passkeys/add/")
    page.evaluate("() => { navigator.credentials.create = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Add it now").click()
    page.get_by_text("That did not work.").wait_for()


def test_axe_finds_nothing_on_the_way_in(page, dana, shots):
    def look(name):
        page.screenshot(path=shots / f"{name}.png", full_page=True)
        check_with_axe(page, name)

    page.goto("/account/sign-in/")
    look("sign-in")
    page.get_by_label("Your email address").fill("dana")
    page.locator("form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    page.get_by_text("is not an email address").first.wait_for()
    look("sign-in-wrong")
    page.get_by_label("Your email address").fill("dana@example.org")
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("The code from our mail").wait_for()
    look("code")
    page.get_by_label("The code from our mail").fill(re.search(r"\d{4}-\d{4}", mail.outbox[-1].body)[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/me")
    page.goto("/hq/people")
    look("safety")
    page.goto("/account/safety/app/")
    look("app")
    page.goto("/account/safety/passkeys/add/")
    look("passkey")
    page.goto("/account/sign-out/")
    look("sign-out")
