"""People at headquarters: finding them, one person's page, the facts a movement keeps. Looking is counted."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.ledger.rules import user_actor
from groundswell.people import selectors, services, tables
from groundswell.people.models import Person
from groundswell.people.verbs import CHANGE, SEE
from groundswell.powers import selectors as powers
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.sources import selectors as sources
from groundswell.web.forms_people import FactsForm, FieldForm, TagForm
from groundswell.web.views import paging

FOUND = 50
PAGE = 30


@require_safe
@never_cache
@may(SEE)
def people(request: HttpRequest) -> HttpResponse:
    """Search: `?q=` any part of names, emails or phones. HTMX asks for the table alone."""
    query = request.GET.get("q", "")
    found = selectors.search(viewer.of(request), query, FOUND + 1)
    context = {
        "q": query,
        "columns": tables.columns(),
        "rows": tables.rows(found[:FOUND]),
        "more": len(found) > FOUND,
        "may_change": bool(viewer.of(request).scopes(CHANGE)),
    }
    part = request.headers.get("HX-Target") == "found"
    return render(request, "web/people_found.html" if part else "web/people.html", context)


@require_safe
@never_cache
@may(SEE)
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One person: how to reach them, what they agreed to, what is kept, what happened; `?before=` goes on."""
    who = viewer.of(request)
    found = selectors.access_person(who, person_id)
    services.looked_at(who, found)
    return _person(request, who, found)


@require_POST
@never_cache
@may(CHANGE)
def tag(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Put a tag on a person."""
    who = viewer.of(request)
    found = selectors.access_person(who, person_id, CHANGE)
    form = TagForm(request.POST)
    if form.is_valid():
        try:
            services.tag(found, form.cleaned_data["tag"], actor=_actor(who))
        except services.BadDetails as error:
            form.add_error(error.field, str(error))
    if form.errors:
        return _person(request, who, found, tag_form=form)
    return redirect(reverse("web:person", args=[found.pk]) + "#tags")


@require_POST
@never_cache
@may(CHANGE)
def untag(request: HttpRequest, person_id: UUID, tag_id: UUID) -> HttpResponse:
    """Take a tag off a person."""
    who = viewer.of(request)
    found = selectors.access_person(who, person_id, CHANGE)
    services.untag(found, tag_id, actor=_actor(who))
    return redirect(reverse("web:person", args=[found.pk]) + "#tags")


@require_POST
@never_cache
@may(CHANGE)
def facts(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Keep what is known of a person: all of the form, or nothing where something in it is wrong."""
    who = viewer.of(request)
    found = selectors.access_person(who, person_id, CHANGE)
    form = FactsForm(selectors.fields(), selectors.field_values(found), request.POST)
    if not form.is_valid():
        return _person(request, who, found, facts_form=form)
    for field, written in form.written():
        services.set_field(found, field, written, actor=_actor(who))
    messages.success(request, _("Kept."))
    return redirect("web:person", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(CHANGE)
def fields(request: HttpRequest) -> HttpResponse:
    """The facts the movement keeps about people. They are everybody's, so defining one needs the whole movement."""
    who = viewer.of(request)
    may_define = who.may(CHANGE)
    form = FieldForm(request.POST or None)
    if request.method == "POST":
        if not may_define:
            raise Http404
        if form.is_valid():
            label, type, lines = (form.cleaned_data[name] for name in ("label", "type", "choices"))
            try:
                services.define_field(label, type, lines.splitlines(), actor=_actor(who))
            except services.BadDetails as error:
                form.add_error(error.field, str(error))
            else:
                messages.success(
                    request, _("“%(label)s” can be filled in on every person's page now.") % {"label": label}
                )
                return redirect("web:fields")
    assert who.user is not None
    context = {
        "fields": selectors.fields(),
        "form": form,
        "may_define": may_define,
        "why": "" if may_define else powers.why(who.user, CHANGE),
    }
    return render(request, "web/people_fields.html", context, status=422 if form.errors else 200)


def _person(
    request: HttpRequest,
    who: viewer.Viewer,
    found: Person,
    tag_form: TagForm | None = None,
    facts_form: FactsForm | None = None,
) -> HttpResponse:
    assert who.user is not None
    may_change = who.may(CHANGE, found.scope)
    timeline = selectors.timeline(who, found, PAGE + 1, paging.mark(request.GET.get("before", "")))
    values, kept = selectors.field_values(found), selectors.fields()
    context: dict[str, Any] = {
        "person": found,
        "place": selectors.place_of(found),
        "points": selectors.contact_points(found),
        "consents": selectors.consents(found),
        "tags": selectors.tags_of(found),
        "all_tags": selectors.tag_names() if may_change else [],
        "facts": [(field, values[field.pk]) for field in kept if field.pk in values],
        "facts_form": facts_form or FactsForm(kept, values),
        "tag_form": tag_form or TagForm(),
        "may_change": may_change,
        "timeline": timeline[:PAGE],
        "older": paging.text(timeline[PAGE - 1].mark) if len(timeline) > PAGE else "",
        "touches": sources.touches_of(found),
        "brought": sources.brought_by(found),
        "why": "" if found.user_id == who.user.pk else powers.why(who.user, SEE, found.scope),
    }
    wrong = (tag_form and tag_form.errors) or (facts_form and facts_form.errors)
    return render(request, "web/person.html", context, status=422 if wrong else 200)


def _actor(who: viewer.Viewer) -> str:
    assert who.user is not None
    return user_actor(who.user.pk)
