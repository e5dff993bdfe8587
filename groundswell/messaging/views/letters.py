"""Headquarters words the mails that the house sends by itself."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from groundswell.messaging import hooks, services, worded
from groundswell.messaging.fields import BadField
from groundswell.messaging.forms.letters import WordsForm
from groundswell.messaging.services.letters import BadWords
from groundswell.messaging.verbs import WRITE
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.models import User
from groundswell.powers.movement import movement


@require_safe
@never_cache
@may(WRITE)
def listed(request: HttpRequest) -> HttpResponse:
    """Every kind of mail, by who gets it."""
    _writer(request)
    own = worded.worded()
    names = dict(settings.LANGUAGES)
    rows = [
        (str(letter.to), letter, [(code, names[code], (letter.name, code) in own) for code in movement().languages])
        for letter in hooks.letters.values()
    ]
    groups = [(to, list(found)) for to, found in groupby(rows, key=lambda row: row[0])]
    return render(request, "messaging/letters.html", {"groups": groups})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def letter(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """Word one kind of mail in one language; its preview; back to our words."""
    user = _writer(request)
    found = hooks.letters.get(kind)
    if found is None or language not in movement().languages:
        raise Http404
    do = request.POST.get("do", "look")
    with translation.override(language):
        subject, text, own = worded.in_force(found, language)
    form = WordsForm(request.POST if do != "look" or request.POST else None, initial={"subject": subject, "text": text})
    if do == "restore" and request.method == "POST":
        services.restore_letter(found, language, user)
        messages.success(request, _("Our words are back."))
        return redirect("messaging:letter", kind, language)
    if do == "save" and form.is_valid():
        try:
            services.word_letter(found, language, form.cleaned_data["subject"], form.cleaned_data["text"], user)
        except BadWords as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("Saved. The next mail of this kind has these words."))
            return redirect("messaging:letter", kind, language)
    said = (form["subject"].value() or "", form["text"].value() or "")
    context: dict[str, Any] = {
        "letter": found,
        "language": language,
        "spoken": dict(settings.LANGUAGES)[language],
        "form": form if do == "save" else WordsForm(initial=dict(zip(("subject", "text"), said, strict=True))),
        "own": own,
        "failed": do == "save",
        "others": [(code, dict(settings.LANGUAGES)[code]) for code in movement().languages if code != language],
    } | _preview(found, language, *said)
    page = "messaging/letter_preview.html" if request.headers.get("HX-Target") == "preview" else "messaging/letter.html"
    return render(request, page, context, status=422 if do == "save" else 200)


def _preview(found: hooks.Letter, language: str, subject: str, text: str) -> dict[str, Any]:
    with translation.override(language):
        try:
            services.check_words(found, subject, text)
            preview = worded.filled_in(found, subject, text, found.example())
        except (BadWords, BadField) as error:
            return {"wrong": str(error)}
    return {"preview": preview}


def _writer(request: HttpRequest) -> User:
    """Who words mails for the whole movement: others write only to their own."""
    who = viewer.of(request)
    if who.user is None or not who.may(WRITE):
        raise Http404
    return who.user
