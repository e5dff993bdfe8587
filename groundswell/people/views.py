"""Segments at headquarters: the list, one segment, building one by clicking, how two of them overlap."""

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.people import building, counting, lists, selectors, services, tables
from groundswell.people import segments as rules
from groundswell.people.conditions import Label
from groundswell.people.forms import CompareForm, SegmentForm, initial
from groundswell.people.models import Segment
from groundswell.people.verbs import SEE
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.viewer import Viewer

BEGIN = {"all": [{"is": "consent", "state": "given", "purpose": "news", "channel": "email"}]}


@require_safe
@never_cache
@may(SEE)
def segments(request: HttpRequest) -> HttpResponse:
    """Every segment, told in its sentence."""
    who = viewer.of(request)
    found = selectors.access_segments(who)
    label = lists.label_for(who)
    context = {
        "segments": [(one, _sentence(one, label)) for one in found],
        "form": _compare_form(who, None) if len(found) > 1 else None,
    }
    return render(request, "people/segments.html", context)


@require_safe
@never_cache
@may(SEE)
def segment(request: HttpRequest, segment_id: UUID) -> HttpResponse:
    """One segment: its sentence, how many it holds, the first of them."""
    who = viewer.of(request)
    found = selectors.access_segment(who, segment_id)
    context = {
        "segment": found,
        "sentence": _sentence(found, lists.label_for(who)),
        "may_change": selectors.may_change(who, found),
        "others": selectors.access_segments(who).exclude(pk=found.pk),
        **_count(who, found),
    }
    return render(request, "people/segment.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(SEE)
def new(request: HttpRequest) -> HttpResponse:
    """Build a segment; nothing is kept until it is saved."""
    return _build(request, viewer.of(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(SEE)
def edit(request: HttpRequest, segment_id: UUID) -> HttpResponse:
    """Build a segment anew."""
    who = viewer.of(request)
    return _build(request, who, selectors.access_segment(who, segment_id, change=True))


@require_POST
@never_cache
@may(SEE)
def remove(request: HttpRequest, segment_id: UUID) -> HttpResponse:
    """Remove a segment."""
    who = viewer.of(request)
    found = selectors.access_segment(who, segment_id, change=True)
    try:
        services.remove_segment(who, found)
    except services.BadDetails as error:
        messages.error(request, str(error))
        return redirect("people:segment", found.pk)
    messages.success(request, _("“%(name)s” is removed. The people in it are not touched.") % {"name": found.name})
    return redirect("people:segments")


@require_safe
@never_cache
@may(SEE)
def compare(request: HttpRequest) -> HttpResponse:
    """How two segments overlap: `?one=...&other=...`."""
    who = viewer.of(request)
    form = _compare_form(who, request.GET if request.GET else None)
    context: dict[str, Any] = {"form": form}
    if form.is_bound and form.is_valid():
        one, other = form.cleaned_data["one"], form.cleaned_data["other"]
        label = lists.label_for(who)
        context |= {"one": one, "other": other, "told": [_sentence(one, label), _sentence(other, label)]}
        try:
            context["compared"] = counting.compare(who, one, other)
        except counting.TooSlow:
            context["too_slow"] = True
    return render(request, "people/compare.html", context)


def _compare_form(who: Viewer, data: Any) -> CompareForm:
    form = CompareForm(data)
    for name in ("one", "other"):
        form.fields[name].queryset = selectors.access_segments(who)  # type: ignore[attr-defined]
    return form


def _build(request: HttpRequest, who: Viewer, kept: Segment | None) -> HttpResponse:
    do = request.POST.get("do", "count") if request.method == "POST" else ""
    if do:
        data = building.posted(request.POST)
        form = SegmentForm(request.POST)
        if do not in {"count", "save"}:
            data = building.changed(data, do, request.POST.get(f"{do.partition(':')[2]}:new", ""))
        form.is_valid()
    else:
        data = kept.tree if kept else BEGIN
        form = SegmentForm(initial=initial(kept) if kept else {"seed": secrets.randbelow(2**31), "keeps": "living"})
    built, wrong = _read(data)
    tree = rules.pruned(built) if built else None
    if do == "save" and tree and form.is_valid():
        try:
            saved = services.save_segment(who, form.draft(tree), kept)
        except services.BadDetails as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("people:segment", saved.pk)
    named = wrong if do in {"count", "save"} else None  # what was just added is not wrong yet
    context: dict[str, Any] = {
        "kept": kept,
        "form": form
        if do in {"", "save"}
        else SegmentForm(initial=request.POST.dict()),  # not wrong before it is saved
        "part": building.shown(data, named),
        "conditions": building.conditions(),
        "wrong": wrong,
        "failed": do == "save",
    }
    if tree:
        context["sentence"] = rules.sentence(tree, lists.label_for(who))
        context |= _count(who, form.draft(tree).segment())
    target = request.headers.get("HX-Target", "")
    page = {"result": "people/result.html", "builder": "people/builder.html"}.get(target, "people/build.html")
    return render(request, page, context, status=422 if do == "save" else 200)


def _read(data: object) -> tuple[rules.Group | None, rules.BadSegment | None]:
    try:
        return rules.read(data), None
    except rules.BadSegment as error:
        return None, error


def _sentence(segment: Segment, label: Label) -> str:
    tree, _wrong = _read(segment.tree)
    return rules.sentence(tree, label) if tree else _("It asks for something that is not there any more.")


def _count(who: Viewer, segment: Segment) -> dict[str, Any]:
    """What `people/counted.html` shows."""
    try:
        counted = counting.count(who, segment)
    except (counting.TooSlow, rules.BadSegment):
        return {"too_slow": True}
    return {"counted": counted, "columns": tables.columns(), "rows": tables.rows(counted.first)}
