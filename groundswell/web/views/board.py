"""Headquarters: the live board, the entries behind each number, and the jobs that need a person."""

import re
from collections.abc import Container
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from groundswell.events import selectors as events
from groundswell.jobs import selectors as jobs
from groundswell.jobs import services as jobs_services
from groundswell.kit.clock import now
from groundswell.kit.moving import moving
from groundswell.ledger import hooks as ledger_hooks
from groundswell.ledger import selectors as ledger
from groundswell.ledger.rules import user_actor
from groundswell.messaging import selectors as messaging
from groundswell.messaging import verbs as messaging_verbs
from groundswell.messaging.selectors import pace
from groundswell.people import verbs as people_verbs
from groundswell.powers import selectors as powers
from groundswell.powers import viewer, words
from groundswell.powers.gates import may
from groundswell.web import night, selectors, verbs
from groundswell.web.views import paging

PAGE = 50
NEWEST = 9
MAIL_OF = timedelta(days=7)
LATE_S = 60  # entries that wait longer for their block: nobody sequences them


@require_safe
@never_cache
@may(verbs.HQ)
def hq(request: HttpRequest) -> HttpResponse:
    """Headquarters: search, the board, what needs a person, what happened last."""
    return render(request, "web/hq.html", _board(request))


@require_safe
@never_cache
@may(verbs.HQ)
def board(request: HttpRequest) -> HttpResponse:
    """The moving part of headquarters."""
    return moving(request, "web/board.html", _board(request))


def _board(request: HttpRequest) -> dict[str, object]:
    who = viewer.of(request)
    this_hour, chart = selectors.rsvps_by_hour()
    shown: dict[str, object] = {
        "counts": selectors.programme(),
        "per_minute": selectors.rsvps_per_minute(),
        "this_hour": this_hour,
        "chart": chart,
        "needs": _needs(who),
        "newest": selectors.told(who, ledger.newest(limit=NEWEST)),
        "may_see_people": bool(who.scopes(people_verbs.SEE)),
        "held": pace.held() if who.scopes(messaging_verbs.SEND) else None,
        "may_change": who.may(messaging_verbs.SEND),
    }
    return shown | {"tag": sha256(repr(shown).encode()).hexdigest()[:12]}


def _needs(who: viewer.Viewer) -> list[dict[str, object]]:
    """What waits for a person, with where to deal with it; what is nothing is left out."""
    review, parked, mail = events.review_queue(who).count(), len(jobs.parked()), messaging.states(now() - MAIL_OF)
    lag, queue = ledger.lag(), jobs.queue()
    found = [
        (review, ngettext("event waits for review", "events wait for review", review), reverse("events:review")),
        (
            parked,
            ngettext("job was given up and waits for you", "jobs were given up and wait for you", parked),
            reverse("web:jobs"),
        ),
        (
            mail["unknown"],
            ngettext("mail may or may not have left", "mails may or may not have left", mail["unknown"]),
            reverse("web:jobs"),
        ),
        (
            mail["failed"],
            ngettext("mail could not be sent", "mails could not be sent", mail["failed"]),
            reverse("web:jobs"),
        ),
    ]
    needs: list[dict[str, object]] = [{"count": n, "what": what, "url": url} for n, what, url in found if n]
    for consumer in ledger.troubled():
        needs.append({"what": _("%(reader)s cannot read on") % {"reader": consumer.name}, "url": reverse("web:jobs")})
    if not queue.workers or lag.oldest_s > LATE_S:
        needs.append({"what": _("No worker is running: mail and counts wait"), "url": reverse("web:jobs")})
    return needs


@require_safe
@never_cache
@may(verbs.HQ)
def entries(request: HttpRequest) -> HttpResponse:
    """The entries behind a number: `?kind=` any number of times or `?places=` taken or waiting, `?on=` a subject or, of
    events, `?within=` a part of the movement's tree, `?city=` a city there and `?events=` coming, limited or full;
    `?since=` and `?until=` a moment, `?before=` where to go on."""
    asked = request.GET
    which = _which(asked.get("events", ""))
    signs = night.PLACES[_known(asked.get("places", ""), night.PLACES)] if asked.get("places") else {}
    kinds = [kind for kind in asked.getlist("kind") or signs if kind in ledger_hooks.kinds]
    if len(kinds) != len(asked.getlist("kind") or signs):
        raise Http404
    before, within = paging.mark(asked.get("before", "")), asked.get("within", "")
    of_kinds = kinds or list(ledger_hooks.kinds)
    counts: dict[str, ledger.Count] = {}
    if "on" in asked:
        found = ledger.of_subject(_uuid(asked["on"]), PAGE + 1, before, kinds or None)
    elif within or "events" in asked:
        subjects = events.counted(within and _scope(within), _city(asked.get("city", "")), asked.get("events", ""))
        found = ledger.newest_of(subjects, of_kinds, PAGE + 1, before)
        counts = ledger.tallies_of(of_kinds, subjects)
    else:
        since, until = paging.moment(asked.get("since", "")), paging.moment(asked.get("until", ""))
        found = ledger.newest(kinds or None, PAGE + 1, before or ((until, 0) if until else None), since)
        if since and until:
            counts = ledger.counted(of_kinds, since, until)
        elif kinds and not {"since", "until"} & asked.keys():
            counts = ledger.tallies(kinds)
    told = [
        replace(entry, quantity=entry.quantity * signs.get(entry.kind, 1))
        for entry in selectors.told(viewer.of(request), found[:PAGE])
    ]
    return render(
        request,
        "web/entries.html",
        {
            "entries": told,
            "kinds": [{"name": name, "sentence": ledger_hooks.kinds[name].sentence} for name in kinds],
            "all_kinds": [
                {"name": kind.name, "sentence": kind.sentence, "chosen": kind.name in kinds}
                for kind in ledger_hooks.kinds.values()
            ],
            "older": paging.text(told[-1].mark) if len(found) > PAGE else "",
            "count": ledger.Count(
                sum(count.entries for count in counts.values()),
                sum(count.quantity * signs.get(kind, 1) for kind, count in counts.items()),
            )
            if counts
            else None,
            "where": asked.get("city") or (words.place(within) if within else ""),
            "which": which,
            "places": asked.get("places", "") if signs else "",
        },
    )


@require_safe
@never_cache
@may(verbs.HQ)
def all_jobs(request: HttpRequest) -> HttpResponse:
    """Jobs that were given up, mail whose fate is not known, and readers of the ledger that fell over."""
    who = viewer.of(request)
    context = {
        "parked": jobs.parked(),
        "queue": jobs.queue(),
        "lag": ledger.lag(),
        "mail": messaging.states(now() - MAIL_OF),
        "may_mend": who.may(verbs.MEND),
        "why": powers.why(who.user, verbs.MEND) if who.user else "",
    }
    return render(request, "web/jobs.html", context)


@require_POST
@never_cache
@may(verbs.MEND)
def unpark(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a parked job run again."""
    assert request.user.is_authenticated
    if jobs_services.unpark(job_id, user_actor(request.user.pk)):
        messages.success(request, _("The job runs again."))
    else:
        messages.warning(request, _("This job was not parked any more."))
    return redirect("web:jobs")


def _which(events: str) -> str:
    names = {
        "": "",
        "coming": _("events to come"),
        "limited": _("events with a limit"),
        "full": _("full events"),
    }
    return names[_known(events, names)]


def _known(name: str, names: Container[str]) -> str:
    if name not in names:
        raise Http404
    return name


def _city(name: str) -> str:
    if "\0" in name:  # which no text in PostgreSQL holds
        raise Http404
    return name


def _scope(text: str) -> str:
    if not re.fullmatch(r"\w+(\.\w+){0,9}", text, re.ASCII):
        raise Http404
    return text


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
