"""Writing a mailing: its drafts, how they look to people of its audience, a test copy, templates."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groundswell.messaging import hooks
from groundswell.messaging.forms.wording import TextForm, blocks_to_insert, fields_to_insert, initial, inserted
from groundswell.messaging.models import Draft, Mailing
from groundswell.messaging.selectors import wording as selectors
from groundswell.messaging.selectors.mailings import access_mailing, may_change
from groundswell.messaging.services import wording as services
from groundswell.messaging.verbs import SEND, WRITE
from groundswell.messaging.writing.merging import FIELDS
from groundswell.people import counting
from groundswell.people.segments import BadSegment
from groundswell.people.selectors import email_of
from groundswell.people.services import person_of_user
from groundswell.powers import viewer
from groundswell.powers.gates import may
from groundswell.powers.movement import movement

INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; frame-ancestors 'self'; sandbox"


# --- writing -------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may(WRITE)
def write(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """One draft in one language (`?draft=0&language=en`), beside the others."""
    mailing = access_mailing(viewer.of(request), mailing_id, change=True)
    if mailing.state != Mailing.State.DRAFT:
        return _closed(request, mailing)
    drafts, draft = _drafts(request, mailing)
    language = _language(request)
    kept = selectors.text_of(selectors.version_of(draft, language))
    lines = selectors.subjects_in(draft)
    if request.method != "POST":
        return _editor(request, mailing, drafts, draft, TextForm(initial=initial(kept), lines=lines))
    form = TextForm(request.POST, lines=lines)
    do = request.POST.get("do", "save")
    if form.is_valid() and do.startswith(("block:", "field:")):
        return _editor(request, mailing, drafts, draft, TextForm(initial=inserted(form, do), lines=lines))
    changed = False
    if form.is_valid():
        try:
            seen = kept.stamp if do == "over" else form.cleaned_data["seen"]
            services.save_text(mailing, draft.number, language, form.text(), seen)
        except services.BadWords as wrong:
            form.show_problems(wrong.problems)
        except services.Changed:
            changed = True
        except services.Closed:
            return _closed(request, mailing)
    if not form.errors and not changed:
        if _swaps(request):
            drafts, draft = _drafts(request, mailing)
            return _editor(request, mailing, drafts, draft, form, saved=True)
        messages.success(request, _("Draft %(draft)s is saved.") % {"draft": draft})
        return redirect(request.get_full_path())
    return _editor(request, mailing, drafts, draft, form, changed=changed, status=200 if _swaps(request) else 422)


def _editor(
    request: HttpRequest,
    mailing: Mailing,
    drafts: Sequence[Draft],
    draft: Draft,
    form: TextForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    who, language = viewer.of(request), _language(request)
    kept = selectors.text_of(selectors.version_of(draft, language))
    mail = selectors.own_copy(who, draft, language)
    context = {
        "mailing": mailing,
        "draft": draft,
        "cards": [selectors.card_of(one, language) for one in drafts],
        "language": language,
        "in_languages": [(code, selectors.version_of(draft, code) is not None) for code in movement().languages],
        "form": form,
        "kept": kept,
        "mail": mail,
        "sender": mailing.from_name or movement().name,
        "shown": _shown_url(mailing, draft, language, stamp=kept.stamp),
        "blocks": [(name, hooks.blocks[name].label, written) for name, written in blocks_to_insert().items()],
        "fields": [(name, FIELDS[name].label, written) for name, written in fields_to_insert().items()],
        "templates": selectors.access_templates(who),
        "full": len(drafts) >= services.MOST_DRAFTS,
        **more,
    }
    page = "messaging/saved.html" if _swaps(request) else "messaging/write.html"
    return render(request, page, context, status=status)


@require_POST
@never_cache
@may(WRITE)
def drafts(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Begin a draft beside the others, take one out, or keep one as a template."""
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id, change=True)
    _all, draft = _drafts(request, mailing)
    name = request.POST.get("template_name", "")
    try:
        match request.POST.get("do"):
            case "new":
                draft = services.add_draft(mailing, {})
            case "copy":
                draft = services.add_draft(mailing, services.texts_of(draft))
            case "begin":
                template = selectors.access_template(who, request.POST.get("template", ""))
                draft = services.add_draft(mailing, services.texts_in(template))
            case "remove":
                services.remove_draft(mailing, draft.number)
                messages.success(request, _("Draft %(draft)s is taken out.") % {"draft": draft})
                return redirect("messaging:write", mailing.pk)
            case "keep":
                kept = services.save_template(who, draft, name)
                messages.success(request, _("“%(name)s” is a template now.") % {"name": kept.name})
    except services.BadWords as wrong:
        messages.error(request, " ".join(sentence for _field, sentence in wrong.problems))
    except services.Closed:
        return _closed(request, mailing)
    return redirect(_write_url(mailing, draft, _language(request)))


# --- looking -------------------------------------------------------------------------------------------------------
@require_safe
@never_cache
@may(WRITE, SEND)
def preview(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """A draft as people of the audience get it (`?draft=0&person=...`): whoever of them the viewer may see."""
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id)
    every, draft = _drafts(request, mailing)
    try:
        readers, unknown = selectors.readers(who, mailing), False
    except (counting.TooSlow, BadSegment):
        readers, unknown = [], True
    asked = request.GET.get("person", "")
    reader = next((one for one in readers if str(one.person.pk) == asked), readers[0] if readers else None)
    person = reader.person if reader else None
    version = selectors.version_for(draft, person)
    context = {
        "mailing": mailing,
        "drafts": every,
        "draft": draft,
        "readers": readers,
        "unknown": unknown,
        "reader": reader,
        "version": version,
        "sender": mailing.from_name or movement().name,
        "may_change": mailing.state == Mailing.State.DRAFT and may_change(who, mailing),
        **(selectors.copies_for(person, version) if version else {}),
    }
    if version:
        context["shown"] = _shown_url(mailing, draft, version.language, person=str(person.pk) if person else "")
    return render(request, "messaging/preview.html", context)


@require_safe
@never_cache
@may(WRITE, SEND)
def shown(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """A draft in HTML, as one person gets it or, without one, the viewer; for a frame in which nothing can act."""
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id)
    _all, draft = _drafts(request, mailing)
    asked = request.GET.get("person", "")
    mail = (
        selectors.copy_of(selectors.access_reader(who, asked), selectors.version_of(draft, _language(request)))
        if asked
        else selectors.own_copy(who, draft, _language(request))
    )
    reply = HttpResponse(mail.html if mail else "", content_type="text/html; charset=utf-8")
    reply["Content-Security-Policy"] = INERT
    reply["Referrer-Policy"] = "no-referrer"
    return reply


@require_POST
@never_cache
@may(WRITE)
def test(request: HttpRequest, mailing_id: UUID) -> HttpResponse:
    """Send a draft to the viewer's own address."""
    who = viewer.of(request)
    mailing = access_mailing(who, mailing_id)
    _all, draft = _drafts(request, mailing)
    assert who.user is not None
    person = person_of_user(who.user)
    version = selectors.version_of(draft, _language(request)) or selectors.version_for(draft, person)
    sent = services.send_test(person, email_of(person), version) if version else []
    if sent:
        messages.success(request, _("A copy is on its way to %(address)s.") % {"address": sent[0].address})
    else:
        messages.error(request, _("There is nothing to send yet: write a subject and a text."))
    back = urlencode({"draft": str(draft.number)})
    return redirect(f"{reverse('messaging:preview', args=[mailing.pk])}?{back}")


# --- templates -----------------------------------------------------------------------------------------------------
@require_safe
@never_cache
@may(WRITE)
def templates(request: HttpRequest) -> HttpResponse:
    """The drafts kept to begin from."""
    return render(request, "messaging/templates.html", {"templates": selectors.access_templates(viewer.of(request))})


@require_POST
@never_cache
@may(WRITE)
def remove_template(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Remove one; drafts that began from it stay."""
    template = selectors.access_template(viewer.of(request), template_id)
    services.remove_template(template.pk)
    messages.success(request, _("“%(name)s” is removed. What began from it stays.") % {"name": template.name})
    return redirect("messaging:templates")


# --- what they share -----------------------------------------------------------------------------------------------
def _drafts(request: HttpRequest, mailing: Mailing) -> tuple[Sequence[Draft], Draft]:
    """All drafts, and the one the address names; the first where it names none."""
    found = selectors.drafts_of(mailing)
    asked = request.GET.get("draft", "")
    return found, selectors.draft_of(found, int(asked) if asked.isdecimal() else None)


def _swaps(request: HttpRequest) -> bool:
    """Whether the page stays and only what stands beside the text is swapped."""
    return request.headers.get("HX-Target") == "beside"


def _language(request: HttpRequest) -> str:
    asked, known = request.GET.get("language", ""), movement().languages
    return asked if asked in known else known[0]


def _closed(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    messages.info(request, _("Its words are settled. To change them, take it back to a draft first."))
    return redirect("messaging:preview", mailing.pk)


def _write_url(mailing: Mailing, draft: Draft, language: str) -> str:
    asked = urlencode({"draft": str(draft.number), "language": language})
    return f"{reverse('messaging:write', args=[mailing.pk])}?{asked}"


def _shown_url(mailing: Mailing, draft: Draft, language: str, **more: str) -> str:
    asked = urlencode({"draft": str(draft.number), "language": language, **more})
    return f"{reverse('messaging:shown', args=[mailing.pk])}?{asked}"
