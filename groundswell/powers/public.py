"""Forms for strangers, on pages without a session or CSRF cookie, so that they stay cacheable.

A post must come from one of our own pages (the browser says so), not too often, and a form must not look like a
machine filled it. Nothing typed is ever lost: a form that is refused comes back filled.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core import signing
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from groundswell.kit.clock import now
from groundswell.kit.forms import Form
from groundswell.powers import limits

View = Callable[..., HttpResponse]

SIGNER = signing.Signer(salt="powers.public")
SAFE = {"GET", "HEAD", "OPTIONS"}
MIN_SECONDS = 2.0  # nobody fills in a form faster; 0 switches the time trap off, and only that
MAX_SECONDS = 24 * 3600.0  # so long may a page lie in a cache or an open tab
REFUSED_FOR = timedelta(seconds=1)  # whoever came too often is told so again without another look
MOST_REFUSED = 10_000  # of whom this process remembers that


def public_action(name: str, *, per_hour: float | None = 60, burst: int = 20) -> Callable[[View], View]:
    """A view whose posts need no session: from our own pages only (else 403), limited per client and form (else 429).
    A flood costs next to nothing: who is refused gets the same page, from memory, until the second is over.

    Args:
        name: of the form, in the bucket's key.
        per_hour: posts a client may send in the long run; an address may be a whole meeting hall's. None: the view
            counts itself what the client does, and raises TooOften.
        burst: posts at once.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in SAFE:
                return view(request, *args, **kwargs)
            if not from_own_page(request):
                return render(request, "powers/elsewhere.html", status=403)
            client = f"{name}:{limits.client_key(request)}"
            if (refusal := _refusals.get(client)) and timedelta() <= now() - refusal.at < REFUSED_FOR:
                return refusal.again(request)
            if per_hour and not limits.take(client, per_hour=per_hour, burst=burst):
                return _refuse(client, request, math.ceil(3600 / per_hour))
            try:
                return view(request, *args, **kwargs)
            except limits.TooOften as often:
                return _refuse(client, request, often.seconds)

        return guarded

    return decorate


def from_own_page(request: HttpRequest) -> bool:
    """Whether the browser says that the request comes from a page of ours (OWASP, CSRF prevention: Fetch Metadata,
    then Origin, then Referer). Where none of the three is sent, nobody vouches for it: no."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"same-origin", "none"}  # none: typed in or reloaded by the person
    source = request.headers.get("Origin") or request.headers.get("Referer", "")
    parts = urlsplit(source)
    own = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    return f"{parts.scheme}://{parts.netloc}" in own


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The page that asks to wait."""
    response = render(request, "powers/too_many.html", {"seconds": seconds}, status=429)
    response["Retry-After"] = str(seconds)
    return response


@dataclass(frozen=True)
class _Refusal:
    """What a client was told, when and at which address."""

    at: datetime
    address: str
    page: bytes
    seconds: int

    def again(self, request: HttpRequest) -> HttpResponse:
        if request.build_absolute_uri() != self.address:  # the page leads to itself in other languages
            return too_many(request, self.seconds)
        return HttpResponse(self.page, status=429, headers={"Retry-After": str(self.seconds)})


_refusals: dict[str, _Refusal] = {}


def _refuse(client: str, request: HttpRequest, seconds: int) -> HttpResponse:
    reply = too_many(request, seconds)
    if len(_refusals) >= MOST_REFUSED:
        _refusals.clear()
    _refusals[client] = _Refusal(now(), request.build_absolute_uri(), reply.content, seconds)
    return reply


def forget_refusals() -> None:
    """Look again, whoever comes."""
    _refusals.clear()


def stamp() -> str:
    """A signed note of when a form was shown."""
    return SIGNER.sign(f"{now().timestamp():.1f}")


class PublicForm(Form):
    """A form with a trap for machines: a field people do not see, and a signed time of showing.

    Put `{{ form.guard }}` inside the `<form>`; loops over `visible_fields` leave the trap out.
    """

    homepage = forms.CharField(
        label=_("Leave this empty"),
        required=False,
    )
    shown_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def visible_fields(self) -> list[BoundField]:
        return [field for field in super().visible_fields() if field.name != "homepage"]

    def hidden_fields(self) -> list[BoundField]:
        return [field for field in super().hidden_fields() if field.name != "shown_at"]

    @property
    def guard(self) -> SafeString:
        """The trap's HTML: the hidden field empty again, the time as first shown while that is still good."""
        kept = str(self["shown_at"].value() or "")
        return render_to_string(
            "powers/guard.html",
            {
                "homepage": self["homepage"],
                "shown_at_name": self.add_prefix("shown_at"),
                "shown_at": kept if self._age(kept) is not None else stamp(),
            },
        )

    @classmethod
    def untouched_by_machines(cls, sent: Mapping[str, str]) -> bool:
        """Whether the trap would let these answers through, without making the form."""
        age = cls._age(sent.get("shown_at", ""))
        return not sent.get("homepage") and (not MIN_SECONDS or (age is not None and age >= MIN_SECONDS))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self._spring_trap()
        return cleaned

    def _spring_trap(self) -> None:
        if self.cleaned_data.get("homepage"):
            self.add_error(
                None,
                _("A field that should stay empty was filled in. Please look your answers over and send them again."),
            )
            return
        if not MIN_SECONDS:
            return
        age = self._age(self.cleaned_data.get("shown_at", ""))
        if age is None:
            self.add_error(None, _("This page was open for a long time. Please send the form again."))
        elif age < MIN_SECONDS:
            self.add_error(None, _("That was very quick. Please look your answers over and send them again."))

    @staticmethod
    def _age(stamped: str) -> float | None:
        """Seconds since the form was shown; None when that is not known or too long ago."""
        try:
            age = now().timestamp() - float(SIGNER.unsign(stamped))
        except signing.BadSignature:
            return None
        return age if age <= MAX_SECONDS else None
