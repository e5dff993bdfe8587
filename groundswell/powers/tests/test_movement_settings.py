"""The movement's name, look and rules, and its first owner."""

from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from groundswell.ledger.models import Entry
from groundswell.powers import selectors, services
from groundswell.powers.models import Movement, User
from groundswell.powers.movement import movement
from groundswell.powers.services import Refused

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
def dana():
    return services.found_movement("dana@example.org", "Green Mountain")


def test_what_changed_is_in_the_ledger(dana):
    services.change_movement(dana, name="  Green\n Mountain ", colour="#123456", languages=["es"])
    entry = Entry.objects.get(kind="movement.settings_changed")
    assert entry.actor == f"user:{dana.pk}"
    assert entry.data == {"fields": ["colour", "languages"]}
    assert Movement.objects.get().name == "Green Mountain"


def test_changing_nothing_writes_nothing(dana):
    services.change_movement(dana, name="Green Mountain")
    assert not Entry.objects.filter(kind="movement.settings_changed").exists()


def test_pages_see_the_change_at_once(dana, django_capture_on_commit_callbacks):
    assert movement().name == "Green Mountain"
    with django_capture_on_commit_callbacks(execute=True):
        services.change_movement(dana, name="Blue Mountain")
    assert movement().name == "Blue Mountain"


def test_an_outsider_changes_nothing(dana):
    charlie = User.objects.at_address("charlie@example.org")
    with pytest.raises(Refused, match="dana holds that power"):
        services.change_movement(charlie, name="Mine")
    services.give(dana, charlie, "movement.settings")
    services.change_movement(charlie, name="Ours")
    assert Movement.objects.get().name == "Ours"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \n "),
        ("name", "x" * 81),
        ("tagline", "x" * 161),
        ("colour", "teal"),
        ("colour", "#0f5f5"),
        ("colour", "#0f5f5c; } body { display: none"),
        ("colour", "#e8a317"),  # 2:1 on paper
        ("accent", "red"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", ""),
        ("country", "XX"),
        ("country", ""),
        ("languages", []),
        ("languages", ["tlh"]),
        ("logo", b"<svg onload=alert(1)>"),
        ("logo", b"GIF89a" + b"0" * 50),
        ("logo", PNG + b"0" * 300 * 1024),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_cannot_be_is_said_at_its_field_and_changes_nothing(dana, field, value):
    before = Movement.objects.values().get()
    with pytest.raises(ValidationError) as refused:
        services.change_movement(dana, **{"tagline": "new", field: value})
    assert list(refused.value.error_dict) == [field]
    assert Movement.objects.values().get() == before


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PNG, "image/png"), (b"\xff\xd8\xff\xe0..", "image/jpeg"), (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"), (None, "")],
)
def test_a_logo_is_what_its_bytes_say(dana, data, kind):
    services.change_movement(dana, logo=PNG)
    services.change_movement(dana, logo=data)
    kept = Movement.objects.get()
    assert (bytes(kept.logo) if kept.logo else None, kept.logo_type) == (data, kind)


def test_an_unknown_setting_is_a_mistake_of_ours(dana):
    with pytest.raises(TypeError, match="changed_at"):
        services.change_movement(dana, changed_at=None)


def test_the_owner_command_founds_the_movement_and_may_be_repeated():
    for _ in range(2):
        said = StringIO()
        call_command("owner", "Dana@Example.org", name="Green Mountain", stdout=said)
        assert "dana@example.org is an owner of Green Mountain." in said.getvalue()
        assert "/account/sign-in/" in said.getvalue()
    assert selectors.holders("everything") == [User.objects.get()]


def test_the_owner_command_says_what_is_no_address():
    with pytest.raises(CommandError, match="is not an email address"):
        call_command("owner", "dana")
    assert not User.objects.exists()
