"""What people choose about the mail they get: from a link in each copy, without a sign-in, and from their own page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from groundswell.messaging import selectors, tokens
from groundswell.messaging.forms.choosing import AS_BEFORE, FEWER, TEAM, THESE, ChoiceForm
from groundswell.messaging.models import Delivery
from groundswell.messaging.rules import EVERYTHING
from groundswell.messaging.services import choosing
from groundswell.people import services as people
from groundswell.people.models import Person
from groundswell.powers.gates import signed_in
from groundswell.powers.movement import movement
from groundswell.powers.public import public_action

OTHERS = "others"  # in the address: show the choices though one is made
AGAIN = "again"


# --- from a copy ---------------------------------------------------------------------------------------------------
@csrf_exempt  # a mail program comes from no page of ours; the token is what vouches for it
@never_cache
def from_copy(request: HttpRequest, token: str) -> HttpResponse:
    """The last link of a copy, and the one in its header: there a mail program posts at once (RFC 8058)."""
    copy, person = _held(token)
    with _language_of(person):
        if request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click":
            choosing.leave(person, copy.purpose or EVERYTHING, copy)
            return HttpResponse(_("You get no more of these."), content_type="text/plain; charset=utf-8")
        reply = _page(request, copy, person)
    reply["Referrer-Policy"] = "no-referrer"
    reply["X-Robots-Tag"] = "noindex"
    return reply


@public_action("messaging.choices", per_hour=120, burst=60)
def _page(request: HttpRequest, copy: Delivery, person: Person) -> HttpResponse:
    return _choose(request, person, copy)


def _held(token: str) -> tuple[Delivery, Person]:
    """The copy and whose it is. Raises Http404."""
    delivery_id = tokens.delivery_of(token)
    if delivery_id is None or (held := selectors.held(delivery_id)) is None:
        raise Http404
    return held


@contextmanager
def _language_of(person: Person) -> Iterator[None]:
    """The one in which they got the copy: its addresses have none."""
    chosen = movement().languages
    with translation.override(person.language if person.language in chosen else chosen[0]):
        yield


# --- from one's own page -------------------------------------------------------------------------------------------
@never_cache
@signed_in
def mine(request: HttpRequest) -> HttpResponse:
    """The same choices, for whoever is signed in."""
    assert request.user.is_authenticated
    return _choose(request, people.person_of_user(request.user), None)


# --- both ----------------------------------------------------------------------------------------------------------
def _choose(request: HttpRequest, person: Person, copy: Delivery | None) -> HttpResponse:
    purpose = copy.purpose if copy else ""
    these = selectors.name_of(purpose) if purpose else ""
    left = _left(person, purpose, these)
    form = ChoiceForm(these=these, initial={"choice": THESE})
    if request.method == "POST":
        if AGAIN in request.POST and left:
            choosing.return_to(person, left.purposes, left.words, request.path)
            return _see_other(request.path)
        if AS_BEFORE in request.POST:
            choosing.choose(person, per_week=None, own_team_only=False)
            return _see_other(request.path)
        form = ChoiceForm(request.POST, these=these)
        if form.is_valid():
            _take(person, copy, form.cleaned_data["choice"])
            return _see_other(request.path)
    chosen = selectors.choice_of(person)
    context = {
        "form": form,
        "copy": copy,
        "left": left,
        "chosen": chosen if chosen.per_week or chosen.own_team_only else None,
        "asks": form.is_bound or OTHERS in request.GET,
    }
    return render(request, "messaging/choices.html", context, status=422 if form.errors else 200)


@dataclass(frozen=True)
class _Left:
    """What a person gets no more of: `name`, empty for everything; and what they would agree to in which words."""

    name: str
    purposes: list[str]
    words: str


def _left(person: Person, purpose: str, these: str) -> _Left | None:
    if selectors.has_left_everything(person):
        ended = selectors.left_with_everything(person)
        named = get_text_list([selectors.name_of(one) for one in ended], _("and"))
        said = _("Email me again: %(what)s. I can stop it any time.") % {"what": named}
        return _Left("", [*ended, EVERYTHING], said if ended else _("Email me again. I can stop it any time."))
    if purpose and selectors.has_left(person, purpose):
        return _Left(these, [purpose], _("Email me again: %(what)s. I can stop it any time.") % {"what": these})
    return None


def _take(person: Person, copy: Delivery | None, choice: str) -> None:
    now = selectors.choice_of(person)
    if choice == THESE and copy:
        choosing.leave(person, copy.purpose, copy)
    elif choice == EVERYTHING:
        choosing.leave(person, EVERYTHING, copy)
    elif choice == TEAM:
        choosing.choose(person, per_week=now.per_week, own_team_only=True)
    else:
        choosing.choose(person, per_week=int(choice.removeprefix(FEWER)), own_team_only=now.own_team_only)


def _see_other(path: str) -> HttpResponse:
    return HttpResponseRedirect(path, status=303)
