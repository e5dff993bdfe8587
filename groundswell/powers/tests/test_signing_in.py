"""People sign in by a code from their mail, with a second factor where they may see others, and without a password."""

import re
import smtplib

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse

from groundswell.powers import services
from groundswell.powers.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("groundswell.powers.tests.pages")]

SIGN_IN = "/account/sign-in/"
CODE = "/account/sign-in/code/"


@pytest.fixture(autouse=True)
def one_factor_needs_two(settings):
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def dana():
    return services.found_movement("dana@example.org", "Green Mountain")


def ask_code(client, email, next_page="/mine"):
    mail.outbox.clear()
    answer = client.post(SIGN_IN, {"email": email, "next": next_page})
    assert answer.status_code == 302, answer.content.decode()
    return re.search(r"\d{4}-\d{4}", mail.outbox[0].body)[0]


def sign_in(client, email, next_page="/mine"):
    code = ask_code(client, email, next_page)
    return client.post(CODE, {"code": code, "next": next_page})


def without_secrets(page):
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    return re.sub(r"[\w.+-]+@example\.org", "ADDRESS", page)


def test_a_code_from_the_mail_signs_in_and_leads_to_where_one_was_going(client):
    answer = sign_in(client, "erin@example.org")
    assert (answer.status_code, answer.url) == (302, "/mine")
    assert client.get("/mine").content == b"mine"


def test_the_code_may_be_typed_with_spaces(client):
    code = ask_code(client, "erin@example.org")
    assert client.post(CODE, {"code": f" {code.replace('-', ' ')} "}).status_code == 302
    assert client.get("/mine").status_code == 200


def test_the_mail_is_short_and_from_the_movement(client, dana):
    code = ask_code(client, "dana@example.org")
    (sent,) = mail.outbox
    assert sent.subject == f"{code} is your code for Green Mountain"
    assert sent.from_email == "Green Mountain <groundswell@localhost>"
    assert sent.to == ["dana@example.org"]
    assert len(sent.body.split()) < 60
    assert "http" not in sent.body  # nothing a scanner could follow


@pytest.mark.parametrize("address", ["us@x.example", "Us <us@x.example>", '"Us, all" <us@x.example>'])
def test_an_address_with_a_name_of_its_own_still_makes_one_sender(client, dana, settings, address):
    settings.DEFAULT_FROM_EMAIL = address
    ask_code(client, "dana@example.org")
    assert mail.outbox[0].from_email == "Green Mountain <us@x.example>"
    assert mail.outbox[0].message()["From"] == "Green Mountain <us@x.example>"


def test_nobody_learns_who_is_on_the_list(dana):
    seen = []
    for email in ("dana@example.org", "nobody@example.org"):
        client = Client()
        mail.outbox.clear()
        asked = client.post(SIGN_IN, {"email": email})
        page = client.get(CODE)
        wrong = client.post(CODE, {"code": "0000-0000"})
        (sent,) = mail.outbox
        headers = {name: value for name, value in asked.headers.items() if name not in ("Expires", "Set-Cookie")}
        seen.append(
            (
                asked.status_code, headers, sorted(asked.cookies),
                without_secrets(page.content.decode()), without_secrets(wrong.content.decode()),
                re.sub(r"\d", "0", sent.subject), re.sub(r"\d", "0", sent.body),
            )
        )  # fmt: skip
    assert seen[0] == seen[1]


def test_known_and_unknown_addresses_cost_the_same_questions(dana):
    counts = []
    Client().post(SIGN_IN, {"email": "first@example.org"})
    for email in ("dana@example.org", "nobody@example.org"):
        with CaptureQueriesContext(connection) as asked:
            Client().post(SIGN_IN, {"email": email})
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_somebody_new_is_stored_once_they_entered_the_code_and_not_before(client):
    code = ask_code(client, "new@example.org")
    assert not User.objects.exists()
    client.post(CODE, {"code": "0000-0000"})
    assert not User.objects.exists()
    client.post(CODE, {"code": code})
    user = User.objects.get()
    assert user.email == "new@example.org"
    assert not user.has_usable_password()
    assert user.emailaddress_set.get().verified


def test_another_spelling_of_an_address_is_the_same_person(client, dana):
    sign_in(client, " DANA@Example.ORG ")
    assert User.objects.count() == 1
    assert client.get("/plain").content == b"headquarters"


@pytest.mark.parametrize("email", ["", "dana", "dana@", "dana@example.org\r\nBcc: x@example.org", "a" * 300 + "@b.org"])
def test_what_is_no_address_is_said_at_the_field(client, email):
    answer = client.post(SIGN_IN, {"email": email})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not mail.outbox


def test_three_wrong_codes_end_it(client, dana):
    code = ask_code(client, "dana@example.org")
    for wrong in ("0000-0000", "0000-0001", "0000-0002"):
        client.post(CODE, {"code": wrong})
    assert client.post(CODE, {"code": code}).url == SIGN_IN
    assert client.get("/mine").status_code == 302


def test_a_code_works_for_fifteen_minutes(client):
    with time_machine.travel("2026-03-01 12:00Z", tick=False) as clock:
        code = ask_code(client, "erin@example.org")
        clock.shift(14 * 60)
        assert client.get(CODE).status_code == 200
        clock.shift(2 * 60)
        assert client.post(CODE, {"code": code}).url == SIGN_IN


def test_a_code_works_only_in_the_browser_that_asked(client):
    code = ask_code(client, "erin@example.org")
    assert Client().post(CODE, {"code": code}).url == SIGN_IN


def elsewhere(n):
    return Client(REMOTE_ADDR=f"192.0.2.{n}")


def refused(client, email):
    """Whether this client gets no code for this address, and no mail leaves."""
    mail.outbox.clear()
    answer = client.post(SIGN_IN, {"email": email})
    assert ("try again in half an hour" in answer.content.decode()) is not bool(mail.outbox)
    return not mail.outbox


@pytest.mark.parametrize("email", ["victim@example.org", "dana@example.org"])
def test_one_client_gets_one_address_a_bounded_number_of_mails(dana, email):
    for _ in range(6):
        ask_code(Client(), email)
    assert refused(Client(), email)


def test_nobody_keeps_an_owner_from_signing_in(dana):
    for _ in range(10):
        Client().post(SIGN_IN, {"email": "dana@example.org"})
    assert refused(Client(), "dana@example.org")
    assert sign_in(elsewhere(7), "dana@example.org").url == "/mine"


def test_limits_on_the_address_alone_would_lock_an_owner_out(dana, monkeypatch):
    monkeypatch.setattr("groundswell.powers.limits.client_key", lambda request: "anybody")
    for _ in range(10):
        Client().post(SIGN_IN, {"email": "dana@example.org"})
    assert refused(elsewhere(7), "dana@example.org")


@pytest.mark.parametrize(("email", "most"), [("victim@example.org", 6), ("dana@example.org", 30)])
def test_many_clients_get_one_mailbox_a_bounded_number_of_mails(dana, email, most):
    with time_machine.travel("2026-03-01 12:00Z", tick=False) as clock:
        for n in range(most + 3):
            elsewhere(n).post(SIGN_IN, {"email": email})
        assert len(mail.outbox) == most
        clock.shift(3600)
        elsewhere(200).post(SIGN_IN, {"email": email})
        assert len(mail.outbox) == (6 if most == 6 else 31)  # nobody proved that it is theirs: a handful a day


def test_who_is_on_the_list_does_not_show_where_one_mailbox_gets_no_more(dana):
    pages = []
    for email in ("dana@example.org", "nobody@example.org"):
        for n in range(8):
            elsewhere(n).post(SIGN_IN, {"email": email})
        client = elsewhere(9)
        sent = len(mail.outbox)
        asked = client.post(SIGN_IN, {"email": email})
        pages.append((asked.status_code, asked.url, without_secrets(client.get(CODE).content.decode())))
        assert (len(mail.outbox) > sent) is (email == "dana@example.org")
    assert pages[0] == pages[1]


def test_without_the_limit_a_mailbox_is_flooded(monkeypatch):
    monkeypatch.setattr("groundswell.powers.limits.take", lambda key, **_: True)
    for _ in range(12):
        ask_code(Client(), "victim@example.org")


def test_one_client_asks_for_a_bounded_number_of_codes():
    with time_machine.travel("2026-03-01 12:00Z", tick=False):
        for n in range(60):
            ask_code(Client(), f"victim{n}@example.org")
        assert "where you are" in Client().post(SIGN_IN, {"email": "one.more@example.org"}).content.decode()
        ask_code(Client(REMOTE_ADDR="192.0.2.7"), "one.more@example.org")


def test_a_mail_server_that_is_down_is_said_and_nothing_is_lost(client, monkeypatch):
    def down(*_):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
    page = client.post(SIGN_IN, {"email": "erin@example.org"}).content.decode()
    assert "We cannot send mail at the moment" in page
    assert 'value="erin@example.org"' in page


def test_starting_over_forgets_the_code(client):
    code = ask_code(client, "erin@example.org")
    assert client.get(SIGN_IN).url == CODE  # the page waits for the code
    assert client.post("/account/sign-out/", {"next": SIGN_IN}).url == SIGN_IN
    assert client.get(SIGN_IN).status_code == 200
    assert client.post(CODE, {"code": code}).status_code == 302
    assert client.get("/mine").status_code == 302


def test_signing_out_takes_a_post(client):
    sign_in(client, "erin@example.org")
    assert client.get("/account/sign-out/").status_code == 200
    assert client.get("/mine").status_code == 200
    client.post("/account/sign-out/", {"next": "/"})
    assert client.get("/mine").status_code == 302


def test_one_is_never_led_to_another_site(client):
    assert "evil" not in sign_in(client, "erin@example.org", "https://evil.example/x").url


def test_a_session_ends_with_the_next_request_when_the_user_is_closed(client):
    sign_in(client, "erin@example.org")
    User.objects.update(is_active=False)
    assert client.get("/mine").status_code == 302
    answer = sign_in(Client(), "erin@example.org")
    assert answer.url == "/account/closed/"
    assert Client().get(answer.url).status_code == 200


def test_no_page_knows_passwords(client, dana):
    names = {name for name in get_resolver("groundswell.powers.urls").reverse_dict if isinstance(name, str)}
    assert not any("password" in name or "signup" in name for name in names)
    for path in ("password/reset/", "password/change/", "password/set/", "signup/", "login/", "email/"):
        assert client.get(f"/account/{path}").status_code == 404
    client.post(SIGN_IN, {"login": "dana@example.org", "email": "dana@example.org", "password": "x"})
    assert client.get("/mine").status_code == 302
    with pytest.raises(NoReverseMatch):
        reverse("account_reset_password")


# --- the second factor -------------------------------------------------------------------------------------------
def totp_now(secret):
    """The code of this half minute: good for the next half minute, too."""
    _last, now, _next = yield_hotp_counters_from_time()
    return str(hotp_value(secret, now)).zfill(6)


def set_up_app(client):
    page = client.get("/account/safety/app/").content.decode()
    secret = re.search(r"<code>(\w+)</code>", page)[1]
    answer = client.post("/account/safety/app/", {"code": totp_now(secret)})
    return secret, answer


def test_a_strong_page_asks_the_owner_to_set_up_a_second_factor_and_leads_back(client, dana):
    sign_in(client, "dana@example.org")
    assert client.get("/plain").status_code == 200
    answer = client.get("/strong?q=1")
    assert answer.url == "/account/safety/"
    assert "One more step" in client.get("/account/safety/").content.decode()
    _secret, answer = set_up_app(client)
    assert answer.url == "/account/safety/codes/"
    codes = client.get(answer.url).content.decode()
    assert 'href="/strong?q=1"' in codes
    assert len(re.findall(r"<li><code>\d{8}</code>", codes)) == 10
    assert client.get("/strong?q=1").content == b"people"
    assert "strong?q=1" not in client.get("/account/safety/").content.decode()  # it has led there


def test_an_owner_with_an_app_gets_in_only_with_its_code(dana):
    secret = generate_totp_secret()
    TOTP.activate(dana, secret)
    client = Client()
    answer = sign_in(client, "dana@example.org")
    assert answer.url == "/account/sign-in/second-factor/"
    assert client.get("/mine").status_code == 302
    assert client.get(answer.url).status_code == 200
    assert client.post(answer.url, {"code": "000000"}).status_code == 200
    assert client.get("/strong").status_code == 302
    answer = client.post(answer.url, {"code": totp_now(secret)})
    assert answer.url == "/mine"
    assert client.get("/strong").content == b"people"


def test_a_session_from_before_the_app_must_prove_it(dana):
    client = Client()
    sign_in(client, "dana@example.org")
    secret = generate_totp_secret()
    TOTP.activate(dana, secret)  # in another browser
    answer = client.get("/strong")
    assert answer.url == "/account/safety/confirm/?next=%2Fstrong"
    assert client.get(answer.url).status_code == 200
    assert client.post(answer.url, {"code": "000000"}).status_code == 200
    assert client.post(answer.url, {"code": totp_now(secret)}).url == "/strong"
    assert client.get("/strong").content == b"people"


def test_a_session_is_weak_again_when_its_second_factor_is_removed(client, dana):
    sign_in(client, "dana@example.org")
    set_up_app(client)
    assert client.get("/strong").status_code == 200
    Authenticator.objects.all().delete()
    assert client.get("/strong").url == "/account/safety/"


def test_where_the_second_factor_is_only_offered_the_page_opens(client, dana, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    sign_in(client, "dana@example.org")
    assert client.get("/strong").content == b"people"


def test_pages_out_of_reach_are_not_there(client, dana):
    assert client.get("/strong").url == "/account/sign-in/?next=/strong"  # nobody yet: sign in first
    sign_in(client, "charlie@example.org")
    assert client.get("/strong").status_code == 404
    assert client.get("/plain").status_code == 404
    assert client.get("/nowhere").status_code == 404


def test_a_second_factor_alone_opens_nothing(client, dana):
    sign_in(client, "charlie@example.org")
    set_up_app(client)
    assert client.get("/strong").status_code == 404


def test_guessing_the_second_factor_is_limited(dana):
    cache.clear()
    secret = generate_totp_secret()
    TOTP.activate(dana, secret)
    client = Client()
    answer = sign_in(client, "dana@example.org")
    for _ in range(5):
        client.post(answer.url, {"code": "000000"})
    page = client.post(answer.url, {"code": totp_now(secret)})
    assert page.status_code == 200
    assert "Please wait a few minutes" in page.content.decode()


def test_a_recovery_code_works_once(client, dana):
    sign_in(client, "dana@example.org")
    set_up_app(client)
    code = client.get("/account/safety/codes/download/").content.decode().split()[-1]
    for works in (True, False):
        cache.clear()
        other = Client()
        answer = sign_in(other, "dana@example.org")
        assert (other.post(answer.url, {"code": code}).status_code == 302) is works


def test_changes_of_the_second_factor_are_mailed(client, dana, django_capture_on_commit_callbacks):
    sign_in(client, "dana@example.org")
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)
    assert mail.outbox[0].subject == "An authenticator app now guards your sign-in to Green Mountain"
    assert "was it not you" in mail.outbox[0].body.lower()


def test_somebody_else_s_passkey_is_out_of_reach(client, dana):
    key = Authenticator.objects.create(user=dana, type="webauthn", data={"name": "Dana's phone", "credential": {}})
    sign_in(client, "charlie@example.org")
    for page in (f"/account/safety/passkeys/{key.pk}/", f"/account/safety/passkeys/{key.pk}/remove/"):
        assert client.get(page).status_code == 404
        assert client.post(page, {"name": "mine"}).status_code == 404
    assert "Dana" not in client.get("/account/safety/passkeys/").content.decode()


def test_every_page_stands_and_none_has_an_inline_script(client, dana):
    pages = [client.get(SIGN_IN)]
    sign_in(client, "dana@example.org")
    sections = ("", "app/", "passkeys/", "passkeys/add/")
    pages += [client.get(f"/account/safety/{section}") for section in sections]
    set_up_app(client)
    pages += [
        client.get(f"/account/safety/{section}")
        for section in ("", "codes/", "codes/new/", "app/remove/", "confirm/", "passkeys/add/")
    ]
    for page in pages:
        assert page.status_code == 200
        assert "unsafe" not in page["Content-Security-Policy"]
        for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page.content.decode(), re.DOTALL):
            assert "src=" in attributes or 'type="application/json"' in attributes, body
        assert not re.search(r"<[^>]+\s(?:on\w+|style)=", page.content.decode())


def test_passkeys_can_be_asked_for(client):
    answer = client.get("/account/sign-in/passkey/", headers={"Accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]
    assert client.post("/account/sign-in/passkey/", {"credential": "{}"}).url == SIGN_IN
