"""Same key, same request: one effect and the same reply, byte for byte."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory

from groundswell.kit import clock
from groundswell.ledger import services
from groundswell.ledger.http import idempotent_view
from groundswell.ledger.models import Cursor, IdempotencyKey
from groundswell.ledger.services import KeyInFlight, KeyReused, Reply, idempotent
from tests.at_once import together, until


def effect():
    """Something that a rollback undoes and that counts its repetitions."""
    Cursor.objects.create(consumer=f"effect {Cursor.objects.count()}")


def effects():
    return Cursor.objects.count()


def run():
    effect()
    return Reply(201, {"Content-Type": "application/json"}, b'{"n": %d}' % effects())


@pytest.mark.django_db
def test_the_second_time_gives_the_first_reply_and_no_second_effect():
    first = idempotent("api", "k", b"give 10", run)
    assert (
        idempotent("api", "k", b"give 10", run)
        == first
        == Reply(201, {"Content-Type": "application/json"}, b'{"n": 1}')
    )
    assert effects() == 1


@pytest.mark.django_db
def test_another_request_with_the_key_is_refused():
    idempotent("api", "k", b"give 10", run)
    with pytest.raises(KeyReused):
        idempotent("api", "k", b"give 1000", run)
    assert effects() == 1


@pytest.mark.django_db
def test_another_scope_is_another_key():
    idempotent("api", "k", b"give 10", run)
    idempotent("other", "k", b"give 10", run)
    assert effects() == 2


@pytest.mark.django_db
def test_a_run_that_raises_changes_and_stores_nothing():
    def fail():
        effect()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        idempotent("api", "k", b"give 10", fail)
    assert effects() == 0
    idempotent("api", "k", b"give 10", run)
    assert effects() == 1


@pytest.mark.django_db
def test_a_refused_request_changes_and_stores_nothing_so_it_can_be_mended():
    def refuse():
        effect()
        return Reply(422, {}, b"what is your name?")

    assert idempotent("form", "k", b"name=", refuse).status == 422
    assert effects() == 0
    assert idempotent("form", "k", b"name=Alice", run).status == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_twenty_at_once_have_one_effect(guarded, monkeypatch):
    """Unguarded (the control: keys looked up without the lock, and not unique), there are more."""
    if not guarded:
        monkeypatch.setattr(services, "_KEY_LOCK", "SELECT %s IS NOT NULL")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE ledger_idempotencykey DROP CONSTRAINT idempotency_once")
    busy, begun = [], []

    def slow():
        begun.append(1)
        Cursor.objects.create(consumer=f"effect {threading.get_ident()}")
        until(lambda: busy or len(begun) > 1)
        return Reply(200, {}, b"done")

    def ask(n):
        while True:
            try:
                return idempotent("api", "k", b"give 10", slow)
            except KeyInFlight:
                busy.append(n)
                time.sleep(0.02)

    try:
        replies = together(ask, 20)
    finally:
        if not guarded:
            IdempotencyKey.objects.all().delete()
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE ledger_idempotencykey ADD CONSTRAINT idempotency_once UNIQUE (scope, key)")
    assert replies == [Reply(200, {}, b"done")] * 20
    if guarded:
        assert effects() == 1
        assert busy
    else:
        assert effects() > 1


@pytest.mark.django_db
def test_keys_are_forgotten_after_a_day():
    idempotent("api", "old", b"", run)
    idempotent("api", "new", b"", run)
    IdempotencyKey.objects.filter(key="old").update(at=clock.now() - timedelta(hours=25))
    assert services.forget_old_keys() == 1
    assert IdempotencyKey.objects.get().key == "new"


# --- over HTTP ------------------------------------------------------------------------------------------------------
@idempotent_view()
def view(request):
    if not request.POST.get("name", "x"):
        return HttpResponse("what is your name?", status=422)
    effect()
    reply = HttpResponse(f"effect {effects()}", status=201, headers={"Location": "/there"})
    reply.set_cookie("first", "only")
    return reply


def post(body=None, key=None, **words):
    headers = {"Idempotency-Key": key} if key else {}
    return view(RequestFactory().post("/sign", body or {}, headers=headers, **words))


@pytest.mark.django_db
def test_a_view_replays_body_status_and_headers_but_no_cookie():
    first, second = post({"name": "Alice"}, "k"), post({"name": "Alice"}, "k")
    assert (first.content, first.status_code, first["Location"]) == (b"effect 1", 201, "/there")
    assert (second.content, second.status_code, second["Location"]) == (b"effect 1", 201, "/there")
    assert first.cookies
    assert not second.cookies


@pytest.mark.django_db
def test_a_form_carries_its_key_in_a_field_and_may_be_mended():
    assert post({"idempotency_key": "k", "name": ""}).status_code == 422
    assert post({"idempotency_key": "k", "name": "Alice", "csrfmiddlewaretoken": "a"}).status_code == 201
    assert post({"idempotency_key": "k", "name": "Alice", "csrfmiddlewaretoken": "b"}).content == b"effect 1"
    assert post({"idempotency_key": "k", "name": "Bob"}).status_code == 422
    assert effects() == 1


@pytest.mark.django_db
def test_without_a_key_every_request_has_its_effect():
    post()
    post()
    assert effects() == 2


@pytest.mark.django_db
def test_a_key_as_long_as_a_book_is_refused():
    assert post(key="k" * 256).status_code == 400


@pytest.mark.django_db
def test_a_key_in_flight_is_409_with_retry_after(monkeypatch):
    monkeypatch.setattr(services, "_KEY_LOCK", "SELECT %s IS NULL")
    reply = post(key="k")
    assert (reply.status_code, reply["Retry-After"]) == (409, "1")


@pytest.mark.django_db
def test_keys_of_json_requests_count_their_bytes():
    words = {"content_type": "application/json"}
    assert post('{"a": 1}', "k", **words).status_code == 201
    assert post('{"a": 1}', "k", **words).content == b"effect 1"
    assert post('{"a": 2}', "k", **words).status_code == 422
