"""The movement's settings."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from groundswell.powers.models import Movement
from groundswell.powers.movement import forget, movement

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
FORM = {
    "name": "Green Mountain",
    "tagline": "Together",
    "colour": "#123456",
    "accent": "#e8a317",
    "time_zone": "America/Chicago",
    "languages": ["en", "es"],
    "postal_address": "1 Main St\r\n\r\nBurlington,  VT",
    "mails_per_week": "2",
    "agree_above": "50",
}


def test_name_look_and_rules_change(world):
    dana = world.client("dana")
    logo = SimpleUploadedFile("logo.png", PNG)
    answer = dana.post(reverse("web:settings"), {**FORM, "logo": logo}, follow=True)
    assert "The movement has its new settings." in answer.content.decode()
    forget()
    assert movement().name == "Green Mountain" and not movement().review_first_events
    assert movement().postal_address == "1 Main St\nBurlington, VT"
    assert (movement().mails_per_week, movement().agree_above) == (2, 50)
    assert dana.get("/logo").content == PNG
    assert "#123456" in dana.get("/look.css").content.decode()
    dana.post(reverse("web:settings"), {**FORM, "remove_logo": "on"})
    forget()
    assert not movement().logo_type


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("colour", "#fffffe", "too light"),
        ("colour", "red; }", "A colour is written like"),
        ("name", "", "required"),
        ("name", "x" * 81, "at most 80"),
        ("time_zone", "Mars/Olympus", "Choose one of the list."),
        ("languages", [], "required"),
        ("mails_per_week", "0", "greater than or equal to 1"),
        ("agree_above", "-1", "greater than or equal to 0"),
        ("postal_address", "x" * 301, "at most 300"),
        ("logo", SimpleUploadedFile("logo.svg", b"<svg onload='alert(1)'/>"), "PNG, JPEG or WebP"),
        ("logo", SimpleUploadedFile("logo.png", PNG + b"\0" * 310_000), "larger than 300 KB"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_changes(world, field, value, words):
    before = Movement.objects.values().get()
    answer = world.client("dana").post(reverse("web:settings"), {**FORM, field: value})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert Movement.objects.values().get() == before


def test_fields_that_are_not_on_the_form_stay(world):
    world.client("dana").post(reverse("web:settings"), {**FORM, "country": "DE", "logo_type": "text/html"})
    kept = Movement.objects.get()
    assert kept.country == "US" and kept.logo_type == ""


def test_charlie_finds_no_settings(world):
    for role in ("charlie", "alice"):
        assert world.client(role).post(reverse("web:settings"), FORM).status_code == 404
    assert Movement.objects.get().name == "The Movement"
