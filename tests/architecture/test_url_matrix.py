"""Every address of the site against every role: who may see it, that looking changes nothing, that nothing leaks."""

import re
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from groundswell.events import links
from groundswell.events.services.inviting import invite
from groundswell.events.tests.making import TEST
from groundswell.messaging.tokens import token
from groundswell.messaging.views.looking import TRAP
from groundswell.people.models import Person
from groundswell.web import selectors
from tests.cast import CANARIES, make_world, sign_in

ROLES = ("nobody", "charlie", "alice", "dana")
ABSENT = UUID("0197b0a0-0000-7000-8000-000000000000")
CHANGING_BY_THEMSELVES = {"django_session", "cache", "powers_bucket", "messaging_signal"}  # who looks, and how often
LOOKS_ARE_COUNTED = {  # seeing people is itself an entry of the ledger
    "web:person",
    "events:desk",
    "events:desk_check_in",
    "events:sheet",
}

# name: (GET for nobody, charlie, alice, dana), (POST of an empty form for the same). HEAD is as GET.
# alice hosts the event and opens headquarters in Vermont; dana owns the movement and has a second factor.
MATRIX = {
    "look": ("200 200 200 200", "405 405 405 405"),
    "logo": ("404 404 404 404", "405 405 405 405"),
    "ground": ("200 200 200 200", "405 405 405 405"),
    "mail_click": ("302 302 302 302", "405 405 405 405"),
    "mail_opened": ("200 200 200 200", "405 405 405 405"),
    "mail_whole": ("404 404 404 404", "405 405 405 405"),  # the copy of the world says nothing
    "mail_choices": ("200 200 200 200", "422 422 422 422"),
    "mail_report": ("404 404 404 404", "404 404 404 404"),
    "messaging:answers": ("302 404 404 200", "302 404 404 404"),
    "messaging:mine": ("302 200 200 200", "302 422 422 422"),
    "web:home": ("200 200 200 200", "405 405 405 405"),
    "robots": ("200 200 200 200", "405 405 405 405"),
    "healthz": ("200 200 200 200", "405 405 405 405"),
    "web:me": ("302 200 200 200", "405 405 405 405"),
    "web:data": ("302 200 200 200", "405 405 405 405"),
    "web:agree": ("405 405 405 405", "302 302 302 302"),
    "web:withdraw": ("405 405 405 405", "302 404 404 404"),
    "web:ask": ("405 405 405 405", "302 404 404 404"),
    "web:power": ("302 404 200 404", "302 404 422 404"),
    "web:take_back": ("405 405 405 405", "302 404 302 302"),
    "web:hq": ("302 404 200 200", "405 405 405 405"),
    "web:board": ("302 404 200 200", "405 405 405 405"),
    "web:night": ("302 404 200 200", "405 405 405 405"),
    "web:night_board": ("302 404 200 200", "405 405 405 405"),
    "web:entries": ("302 404 200 200", "405 405 405 405"),
    "web:people": ("302 404 404 200", "405 405 405 405"),
    "web:fields": ("302 404 404 200", "302 404 404 200"),
    "web:person": ("302 404 404 200", "405 405 405 405"),
    "web:tag": ("405 405 405 405", "302 404 404 422"),
    "web:untag": ("405 405 405 405", "302 404 404 302"),
    "web:facts": ("405 405 405 405", "302 404 404 302"),
    "web:sources": ("302 404 404 200", "302 404 404 200"),
    "web:jobs": ("302 404 200 200", "405 405 405 405"),
    "web:unpark": ("405 405 405 405", "302 404 404 302"),
    "web:powers": ("302 404 200 200", "302 404 422 422"),
    "web:settings": ("302 404 404 200", "302 404 404 422"),
    "web:outbox": ("404 404 404 404", "405 405 405 405"),
    "web:mail": ("404 404 404 404", "405 405 405 405"),
    "people:segments": ("302 404 404 200", "405 405 405 405"),
    "people:new_segment": ("302 404 404 200", "302 404 404 200"),
    "people:compare_segments": ("302 404 404 200", "405 405 405 405"),
    "people:segment": ("302 404 404 200", "405 405 405 405"),
    "people:edit_segment": ("302 404 404 200", "302 404 404 200"),
    "people:remove_segment": ("405 405 405 405", "302 404 404 302"),
    "messaging:mailings": ("302 404 404 200", "405 405 405 405"),
    "messaging:new_mailing": ("302 404 404 200", "302 404 404 422"),
    "messaging:budget": ("302 404 404 200", "405 405 405 405"),
    "messaging:sending": ("302 404 404 200", "405 405 405 405"),
    "messaging:go_on": ("405 405 405 405", "302 404 404 302"),
    "messaging:domain": ("405 405 405 405", "302 404 404 422"),
    "messaging:mailing": ("302 404 404 200", "405 405 405 405"),
    "messaging:edit_mailing": ("302 404 404 200", "302 404 404 422"),
    "messaging:remove_mailing": ("405 405 405 405", "302 404 404 302"),
    "messaging:steer": ("405 405 405 405", "302 404 404 404"),  # to do nothing that there is
    "messaging:mailing_progress": ("302 404 404 200", "405 405 405 405"),
    "messaging:copies": ("302 404 404 200", "405 405 405 405"),
    "messaging:settle": ("405 405 405 405", "302 404 404 404"),
    "messaging:templates": ("302 404 404 200", "405 405 405 405"),
    "messaging:remove_template": ("405 405 405 405", "302 404 404 302"),
    "messaging:write": ("302 404 404 200", "302 404 404 422"),
    "messaging:drafts": ("405 405 405 405", "302 404 404 302"),
    "messaging:shown": ("302 404 404 200", "405 405 405 405"),
    "messaging:preview": ("302 404 404 200", "405 405 405 405"),
    "messaging:checks": ("302 404 404 200", "302 404 404 302"),
    "messaging:test": ("405 405 405 405", "302 404 404 302"),
    "events:reminders": ("302 404 200 200", "302 404 302 302"),
    "events:no_morning": ("200 200 200 200", "303 303 303 303"),
    "journeys:journeys": ("302 404 404 200", "405 405 405 405"),
    "journeys:new": ("405 405 405 405", "302 404 404 302"),
    "journeys:journey": ("302 404 404 200", "405 405 405 405"),
    "journeys:edit": ("302 404 404 200", "302 404 404 422"),
    "journeys:turn": ("405 405 405 405", "302 404 404 302"),
    "journeys:try": ("302 404 404 200", "405 405 405 405"),
    "journeys:asks": ("302 404 404 200", "405 405 405 405"),
    "journeys:answer": ("405 405 405 405", "302 404 404 404"),
    "messaging:letters": ("302 404 404 200", "405 405 405 405"),
    "messaging:letter": ("302 404 404 200", "302 404 404 200"),
    "events:find": ("200 200 200 200", "405 405 405 405"),
    "events:points": ("200 200 200 200", "405 405 405 405"),
    "events:create": ("200 200 200 200", "422 422 422 422"),
    "events:mailed": ("200 200 200 200", "405 405 405 405"),
    "events:confirm": ("200 200 200 200", "303 303 303 303"),
    "events:invitation": ("200 200 200 200", "303 303 303 303"),
    "events:event": ("200 200 200 200", "405 405 405 405"),
    "events:rsvp": ("302 302 302 302", "422 422 422 422"),
    "events:ics": ("200 200 200 200", "405 405 405 405"),
    "events:qr": ("200 200 200 200", "405 405 405 405"),
    "events:edit": ("302 404 200 200", "302 404 422 422"),
    "events:sheet": ("302 404 200 200", "302 405 405 405"),
    "events:type_in": ("302 404 200 200", "302 404 422 422"),
    "events:message": ("302 404 200 200", "302 404 422 422"),
    "events:answers": ("302 404 200 200", "302 404 404 404"),
    "events:copy": ("302 404 200 200", "302 404 422 422"),
    "events:guests": ("302 404 302 302", "302 405 405 405"),
    "events:desk": ("302 404 200 200", "302 405 405 405"),
    "events:desk_list": ("302 404 200 200", "302 405 405 405"),
    "events:desk_guest": ("302 405 405 405", "302 404 302 302"),
    "events:desk_walk_in": ("302 404 302 302", "302 404 404 404"),
    "events:desk_missed": ("302 405 405 405", "302 404 404 404"),
    "events:desk_check_in": ("302 404 200 200", "302 404 302 302"),
    "events:check_in_code": ("200 200 200 200", "405 405 405 405"),
    "events:hosts": ("302 405 405 405", "302 404 302 302"),
    "events:submit": ("302 405 405 405", "302 404 302 302"),
    "events:cancel": ("302 404 200 200", "302 404 200 200"),  # sent without `sure`: the mail as a guest gets it
    "events:rsvp_manage": ("200 200 200 200", "422 422 422 422"),
    "events:thanks": ("200 200 200 200", "405 405 405 405"),
    "events:thanks_ics": ("200 200 200 200", "405 405 405 405"),
    "events:fill": ("302 404 200 200", "302 404 422 422"),
    "events:hand_over": ("302 404 200 200", "302 404 302 302"),
    "events:merge": ("302 404 200 200", "302 404 302 302"),
    "events:no_more": ("200 200 200 200", "303 303 303 303"),
    "events:short": ("302 404 404 200", "302 405 405 405"),
    "events:review": ("302 404 404 200", "302 404 404 405"),
    "events:decide": ("302 404 404 405", "302 404 404 302"),
    "account_login": ("200 302 302 302", "200 302 302 302"),
    "account_request_login_code": ("200 302 302 302", "200 302 302 302"),
    "account_confirm_login_code": ("302 302 302 302", "302 302 302 302"),
    "mfa_login_webauthn": ("302 302 302 302", "302 302 302 302"),
    "mfa_authenticate": ("302 302 302 302", "302 302 302 302"),
    "account_logout": ("302 200 200 200", "302 302 302 302"),
    "account_inactive": ("200 200 200 200", "405 405 405 405"),
    "mfa_index": ("302 200 200 200", "302 405 405 405"),
    "mfa_reauthenticate": ("302 403 403 200", "302 403 403 200"),
    "mfa_reauthenticate_webauthn": ("302 403 403 302", "302 403 403 302"),
    "mfa_activate_totp": ("302 200 200 302", "302 200 200 302"),
    "mfa_deactivate_totp": ("302 404 404 302", "302 404 404 302"),
    "mfa_view_recovery_codes": ("302 404 404 404", "302 405 405 405"),
    "mfa_generate_recovery_codes": ("302 200 200 302", "302 200 200 302"),
    "mfa_download_recovery_codes": ("302 404 404 404", "302 404 404 404"),
    "mfa_list_webauthn": ("302 200 200 200", "302 405 405 405"),
    "mfa_add_webauthn": ("302 200 200 302", "302 200 200 302"),
    "mfa_edit_webauthn": ("302 404 404 302", "302 404 404 302"),
    "mfa_remove_webauthn": ("302 404 404 302", "302 404 404 302"),
}


def addresses(patterns=None, prefix="") -> dict[str, URLPattern]:
    """Every address of the resolver by its name."""
    found = {}
    for one in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(one, URLResolver):
            space = f"{prefix}{one.namespace}:" if one.namespace else prefix
            found |= addresses(one.url_patterns, space)
        else:
            found[f"{prefix}{one.name}"] = one
    return found


@pytest.fixture
def world(db, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    settings.DEMO = False
    selectors.forget()
    return make_world()


def subjects(world, own: bool = True) -> dict[str, dict[str, object]]:
    """What stands in the addresses that name something: of the world, or of nothing at all."""
    event = world.event.pk if own else ABSENT
    person = world.erin.pk if own else ABSENT
    grant = world.grant.pk if own else ABSENT
    tokens = {
        "events:confirm": links.confirm_token(world.event),
        "events:invitation": links.invitation_token(invite(world.event, "Gus", "gus@example.org", TEST)),
        "events:rsvp_manage": links.rsvp_token(world.rsvp),
        "events:no_more": links.no_more_token(world.erin),
        "events:no_morning": links.morning_token(world.erin),
        "events:desk_check_in": links.check_in_token(world.rsvp),
        "events:check_in_code": links.check_in_token(world.rsvp),
        "events:thanks": links.thanks_token(world.rsvp.shift_id, room=True),
        "events:thanks_ics": links.thanks_token(world.rsvp.shift_id, room=True),
        "mail_click": token(world.copy.pk),
        "mail_opened": token(world.copy.pk),
        "mail_choices": token(world.copy.pk),
        "mail_whole": token(world.copy.pk),
    }
    found: dict[str, dict[str, object]] = {}
    for name, pattern in addresses().items():
        known = {
            "event_id": world.waiting.pk if name == "events:decide" and own else event,
            "person_id": person,
            "rsvp_id": world.rsvp.pk if own else ABSENT,
            "grant_id": grant,
            "link_id": TRAP,
            "mailing_id": world.mailing.pk if own else ABSENT,
            "provider": "postmark",
            "what": "tracking",
            "template_id": world.template.pk if own else ABSENT,
            "segment_id": world.segment.pk if own else ABSENT,
            "delivery_id": world.copy.pk if own else ABSENT,
            "journey_id": world.journey.pk if own else ABSENT,
            "ask_id": ABSENT,
            "consent_id": ABSENT,
            "tag_id": ABSENT,
            "token": tokens.get(name, "x") if own else "x",
            "job_id": 1,
            "pk": 1,
            "name": str(ABSENT),
            "kind": "event.going" if own else "x",
            "language": "en",
        }
        wanted = pattern.pattern.converters.keys() | re.compile(r"\(\?P<(\w+)>").findall(str(pattern.pattern))
        found[name] = {key: known[key] for key in wanted}
    return found


def state(ledger: bool = True) -> str:
    """A checksum of every table, but for who looks and how often; or of all but the ledger."""
    tables = sorted(set(connection.introspection.table_names()) - CHANGING_BY_THEMSELVES)
    tables = [table for table in tables if ledger or not table.startswith("ledger_")]
    sums = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(row::text, ',' ORDER BY row::text), '')) FROM \"{table}\" row"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(name || sum, ',' ORDER BY name)) FROM ({sums}) all_of (name, sum)")
        return cursor.fetchone()[0]


def written() -> dict[str, int]:
    """How many rows this transaction has written into each table, but for who looks and how often."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return {table: rows for table, rows in cursor.fetchall() if rows and table not in CHANGING_BY_THEMSELVES}


class Browsers:
    """One browser for each role; a post is made by a copy of it and taken back."""

    def __init__(self, world):
        self.clients = {role: world.client(role) for role in ROLES}

    def look(self, role, address, method="get"):
        return getattr(self.clients[role], method)(address)

    def press(self, role, address, data=None, **how):
        client = Client(**how)
        client.cookies.update(self.clients[role].cookies)
        point = transaction.savepoint()
        try:
            return client.post(address, data or {}, headers={"Sec-Fetch-Site": "same-origin"})
        finally:
            transaction.savepoint_rollback(point)


def statuses(browsers, address) -> tuple[str, str]:
    gets = [browsers.look(role, address).status_code for role in ROLES]
    posts = [browsers.press(role, address).status_code for role in ROLES]
    return " ".join(map(str, gets)), " ".join(map(str, posts))


def addresses_of(world, own=True) -> dict[str, str]:
    return {name: reverse(name, kwargs=kwargs) for name, kwargs in subjects(world, own).items()}


def test_every_address_stands_in_the_matrix():
    assert set(addresses()) == set(MATRIX)


def test_every_role_gets_what_the_matrix_says(world):
    browsers = Browsers(world)
    found = {name: statuses(browsers, address) for name, address in addresses_of(world).items()}
    assert found == MATRIX


def test_what_is_out_of_reach_looks_like_what_does_not_exist(world):
    """For charlie, alice's things and things that nobody has answer alike, byte for byte."""
    browsers = Browsers(world)
    absent = addresses_of(world, own=False)
    for name, address in addresses_of(world).items():
        if address == absent[name] or MATRIX[name][0].split()[1] != "404":
            continue
        real, unreal = browsers.look("charlie", address), browsers.look("charlie", absent[name])
        assert (real.status_code, unreal.status_code) == (404, 404), name
        assert real.content.replace(address.encode(), b"") == unreal.content.replace(absent[name].encode(), b""), name


def test_looking_changes_nothing(world):
    """Nothing is written, not even what is already there; and in the end all is as it was."""
    browsers, all_of_them = Browsers(world), addresses_of(world)
    whole = state(ledger=False)
    for name, address in all_of_them.items():
        before = written()
        for role in ROLES:
            seen = browsers.look(role, address)
            for method in ("head", "options"):
                also = browsers.look(role, address, method)
                if method == "head":
                    assert also.status_code == seen.status_code, (name, role)
            changed = {table for table, _ in written().items() ^ before.items()}
            if name in LOOKS_ARE_COUNTED:
                changed = {table for table in changed if not table.startswith("ledger_")}
            assert not changed, f"{role} looked at {name}"
    assert state(ledger=False) == whole


def test_the_checksum_and_the_count_see_a_change(world):
    sum_before, count_before = state(), written()
    Person.objects.filter(pk=world.erin.pk).update(postal_code="99999")
    assert state() != sum_before
    assert written() == count_before | {"people_person": count_before["people_person"] + 1}


def test_nobody_reads_what_is_out_of_reach(world):
    browsers = Browsers(world)
    for name, address in addresses_of(world).items():
        if "<str:token>" in str(addresses()[name].pattern):
            continue  # who holds it has read bob's mail, or sent his RSVP: those pages are his
        for role in ("nobody", "charlie"):
            for reply in (browsers.look(role, address), browsers.press(role, address)):
                leaked = [canary for canary in CANARIES if canary in text_of(reply)]
                assert not leaked, f"{role} reads {leaked} at {name}"


def test_a_canary_is_there_for_those_who_may_see_it(world):
    page = Browsers(world).look("dana", reverse("web:person", args=[world.erin.pk]))
    assert "Canaria" in text_of(page) and "canary.erin@example.org" in text_of(page)


def text_of(reply) -> str:
    return (b"".join(reply.streaming_content) if reply.streaming else reply.content).decode(errors="replace")


def test_a_post_with_a_session_needs_its_token(world):
    """Posts of signed-in pages are refused without the CSRF token; public forms look at where they come from."""
    charlie = Client(enforce_csrf_checks=True)
    sign_in(charlie, world.users["dana"], strong=True)
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for name, address in addresses_of(world).items():
        before = state()
        reply = charlie.post(address, headers=elsewhere)
        assert reply.status_code in {403, 404, 405}, f"{name} took a post from elsewhere: {reply.status_code}"
        assert state() == before, name
