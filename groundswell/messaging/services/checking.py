"""Before a mailing goes: what is missing, what is wrong, and what to do about each."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.text import get_text_list
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _

from groundswell.messaging import naming, spam, writing
from groundswell.messaging.models import Draft, Mailing, Probe, Version
from groundswell.messaging.selectors import wording
from groundswell.messaging.services.probing import sending_domain
from groundswell.messaging.writing import BadText, Written
from groundswell.people import counting
from groundswell.people.segments import BadSegment
from groundswell.powers.movement import movement
from groundswell.powers.viewer import Viewer

CLIPPED = 102 * 1024  # bytes of HTML above which Gmail shows no end, where one unsubscribes
LARGE_IMAGE, ALL_IMAGES = 500 * 1024, 1536 * 1024
NAMED = 3  # of what is wrong, in a sentence


class State(StrEnum):
    OK = "ok"
    WARN = "warn"  # it may go, and better would not yet
    STOP = "stop"  # it cannot go


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, in one sentence, and what to do where that is not fine."""

    name: str
    state: State
    sentence: str
    what_to_do: str = ""


@dataclass(frozen=True, slots=True)
class _Mail:
    """A version, as it is written under its first subject."""

    version: Version
    mail: Written

    @property
    def name(self) -> str:
        return _name(self.version.draft, self.version.language)


def checks(mailing: Mailing, viewer: Viewer) -> list[Check]:
    """Everything that is looked at before it goes, the gravest first; the longest preview is of people in reach."""
    drafts = wording.drafts_of(mailing)
    mails, broken = _mails(drafts)
    probes = list(Probe.objects.filter(mailing=mailing))
    found = [
        *_words(drafts),
        *broken,
        _postal_address(),
        _opt_out(mails),
        _size(mailing, viewer, mails),
        *_smells(mails),
        _links([one for one in probes if one.kind == Probe.Kind.LINK], mails),
        _images([one for one in probes if one.kind == Probe.Kind.IMAGE], mails),
        *_domain(next((one for one in probes if one.kind == Probe.Kind.DOMAIN), None)),
    ]
    return sorted(found, key=lambda check: [State.STOP, State.WARN, State.OK].index(check.state))


# --- words ---------------------------------------------------------------------------------------------------------
def _mails(drafts: Sequence[Draft]) -> tuple[list[_Mail], list[Check]]:
    """What can be written, and what cannot."""
    mails, broken = [], []
    for draft in drafts:
        for version in draft.versions.all():
            lines = [subject.text for subject in version.subjects.all()] or [""]
            try:
                written = [writing.compiled(line, version.preview, version.body, version.language) for line in lines]
                mails.append(_Mail(version, written[0]))
            except BadText as wrong:
                told = {"draft": _name(draft, version.language), "why": wrong}
                broken.append(
                    Check(_("Fields and blocks"), State.STOP, _("%(draft)s: %(why)s") % told, _("Mend it in the text."))
                )
    if mails and not broken:
        broken.append(Check(_("Fields and blocks"), State.OK, _("Every field and block is known.")))
    return mails, broken


def _words(drafts: Sequence[Draft]) -> Iterator[Check]:
    """Every draft has a text and the same subjects in each language in which there is anything."""
    name = _("Words")
    texts = {(draft, one.language): wording.text_of(one) for draft in drafts for one in draft.versions.all()}
    offered = movement().languages
    used = [
        language for language in offered if any(not text.empty for (_d, one), text in texts.items() if one == language)
    ]
    if not used:
        yield Check(name, State.STOP, _("Nothing is written yet."), _("Write a subject and a text."))
        return
    wrong = []
    for draft in drafts:
        wanted = {number for language in used if (text := texts.get((draft, language))) for number in text.subjects}
        for language in used:
            text = texts.get((draft, language), wording.Text())
            if not text.body.strip():
                wrong.append(_("%(draft)s has no text") % {"draft": _name(draft, language)})
            elif not text.subjects:
                wrong.append(_("%(draft)s has no subject") % {"draft": _name(draft, language)})
            elif missing := wanted - text.subjects.keys():
                told = {"draft": _name(draft, language), "number": min(missing) + 1}
                wrong.append(_("%(draft)s has no subject %(number)s") % told)
    if wrong:
        yield Check(
            name,
            State.STOP,
            _several(wrong),
            _("Write it, or take the draft out: each goes to its share of the people."),
        )
    elif absent := [_language(one) for one in offered if one not in used]:
        told = {"languages": get_text_list(absent, _("and")), "first": _language(used[0])}
        yield Check(
            name,
            State.WARN,
            _("There is no text in %(languages)s.") % told,
            _("Who reads %(languages)s gets the mail in %(first)s, unless you write it.") % told,
        )
    else:
        yield Check(name, State.OK, _("Every draft has its subjects and a text in each language."))


def _postal_address() -> Check:
    name = _("Postal address")
    if movement().postal_address.strip():
        return Check(name, State.OK, _("It stands below every copy."))
    return Check(
        name,
        State.STOP,
        _("The movement has no postal address, and the law asks for one below every mailing."),
        _("Write it under Settings."),
    )


def _opt_out(mails: Sequence[_Mail]) -> Check:
    mark = f"{{{writing.UNSUBSCRIBE}}}"
    if all(mark in one.mail.html and mark in one.mail.text for one in mails):
        return Check(_("Opt-out"), State.OK, _("Every copy has a link to unsubscribe, in HTML and in text."))
    return Check(
        _("Opt-out"), State.STOP, _("A copy would have no link to unsubscribe."), _("Tell who runs the server.")
    )


def _size(mailing: Mailing, viewer: Viewer, mails: Sequence[_Mail]) -> Check:
    """Measured on the longest copy, as the wire has it."""
    name, largest, longest = _("Size"), 0, None
    with suppress(counting.TooSlow, BadSegment):
        longest = next((one.person for one in wording.readers(viewer, mailing) if one.longest), None)
    for one in mails:
        html = wording.copy_for(longest, one.mail, one.version.language).html
        largest = max(largest, len(html.encode()) + sum(len(f"{settings.BASE_URL}/l/0/") + 40 for _l in one.mail.links))
    told = {"size": _kilobytes(largest), "most": _kilobytes(CLIPPED)}
    if largest > CLIPPED:
        return Check(
            name,
            State.STOP,
            _("The longest copy has %(size)s. Gmail cuts off after %(most)s, and with it the way out.") % told,
            _("Say less, or lead to a page."),
        )
    return Check(name, State.OK, _("The longest copy has %(size)s; Gmail shows up to %(most)s.") % told)


# --- what looks like spam ------------------------------------------------------------------------------------------
def _smells(mails: Sequence[_Mail]) -> Iterator[Check]:
    name, clean = _("Looks like spam"), True
    for one in mails:
        said = one.mail.text.rpartition("\n-- \n")[0]
        found = list(spam.body_smells(one.version.body, said, len(one.mail.images)))
        for subject in one.version.subjects.all():
            found += [(what % {"subject": subject.text}, do) for what, do in spam.subject_smells(subject.text)]
        for url in spam.shortened(one.mail.links):
            found.append((_("%(url)s hides where it leads.") % {"url": url}, _("Use the whole address.")))
        for what, do in found:
            clean = False
            yield Check(name, State.WARN, f"{one.name}: {what}", do)
    if clean and mails:
        yield Check(name, State.OK, _("Nothing in the subjects and texts looks like spam."))


# --- what it points to ---------------------------------------------------------------------------------------------
def _links(probes: Sequence[Probe], mails: Sequence[_Mail]) -> Check:
    name = _("Links")
    wanted = {url for one in mails for url in one.mail.links}
    if not wanted:
        return Check(name, State.OK, _("There are none."))
    if waiting := _unseen(wanted, probes):
        return _waits(name, waiting)
    if wrong := [one for one in probes if one.state == Probe.State.WRONG]:
        return Check(name, State.STOP, _several([_told(one) for one in wrong]), _("Mend the address, or leave it out."))
    if silent := [one for one in probes if one.state == Probe.State.SILENT]:
        return Check(name, State.WARN, _several([_told(one) for one in silent]), _("Open it yourself before it goes."))
    said = ngettext("The one link leads somewhere.", "All %(n)s links lead somewhere.", len(wanted))
    return Check(name, State.OK, said % {"n": len(wanted)})


def _images(probes: Sequence[Probe], mails: Sequence[_Mail]) -> Check:
    name = _("Pictures")
    wanted = {url for one in mails for url in one.mail.images}
    if not wanted:
        return Check(name, State.OK, _("There are none."))
    if waiting := _unseen(wanted, probes):
        return _waits(name, waiting)
    if wrong := [one for one in probes if one.state == Probe.State.WRONG]:
        return Check(name, State.STOP, _several([_told(one) for one in wrong]), _("Mend the address, or leave it out."))
    if silent := [one for one in probes if one.state == Probe.State.SILENT]:
        return Check(name, State.WARN, _several([_told(one) for one in silent]), _("Open it yourself before it goes."))
    sizes = {one.target: int(one.found.get("size", 0)) for one in probes}
    large = [f"{url} ({_kilobytes(size)})" for url, size in sizes.items() if size > LARGE_IMAGE]
    if large or sum(sizes.values()) > ALL_IMAGES:
        told = (
            _several(large) if large else _("Together they have %(size)s.") % {"size": _kilobytes(sum(sizes.values()))}
        )
        return Check(name, State.WARN, told, _("Make them smaller: a phone on the bus waits for each."))
    return Check(name, State.OK, _("Together they have %(size)s.") % {"size": _kilobytes(sum(sizes.values()))})


def _unseen(wanted: set[str], probes: Sequence[Probe]) -> int:
    return len(wanted - {one.target for one in probes if one.state != Probe.State.WAITING})


def _waits(name: str, waiting: int) -> Check:
    said = ngettext("One is not looked at yet.", "%(n)s are not looked at yet.", waiting) % {"n": waiting}
    return Check(name, State.STOP, said, _("This takes some seconds. If it takes longer, have them looked at again."))


def _told(probe: Probe) -> str:
    status = probe.found.get("status", 0)
    why = {
        "gone": _("is not there (%(status)s)"),
        "status": _("answers machines with %(status)s"),
        "host": _("names a server that does not exist"),
        "private": _("leads into a private network"),
        "certificate": _("has no valid certificate"),
        "redirects": _("leads in circles"),
        "no_image": _("is no picture"),
        "silent": _("does not answer"),
    }[str(probe.found.get("why", "silent"))]
    return f"{probe.target} {why % {'status': status}}"


# --- the domain ----------------------------------------------------------------------------------------------------
def _domain(probe: Probe | None) -> Iterator[Check]:
    """SPF, DKIM and DMARC of the domain we send from, and what to put into DNS."""
    domain = sending_domain()
    if "." not in domain:
        told = {"address": settings.DEFAULT_FROM_EMAIL}
        yield Check(
            _("Sending domain"),
            State.WARN,
            _("Mail comes from %(address)s, which is no domain of the internet.") % told,
            _("Set FROM_EMAIL to an address of a domain of yours before anything goes outside."),
        )
        return
    if probe is None or probe.state == Probe.State.WAITING or probe.target != domain:
        yield Check(
            _("Sending domain"),
            State.WARN,
            _("It is not looked at yet."),
            _("Have it looked at, and wait some seconds."),
        )
        return
    yield _spf(domain, probe.found.get("spf"))
    yield _dkim(domain, probe.found.get("dkim"))
    yield _dmarc(domain, probe.found.get("dmarc"))


def _spf(domain: str, records: list[str] | None) -> Check:
    server = getattr(settings, "EMAIL_HOST", "")
    allowed = f"a:{server}" if "." in server else "include:…"
    put = _("Put into DNS: %(record)s") % {"record": f'{domain}. TXT "v=spf1 {allowed} -all"'}
    if records is None:
        return _silent("SPF", domain)
    if not records:
        return Check("SPF", State.WARN, _("%(domain)s does not say who may send for it.") % {"domain": domain}, put)
    if len(records) > 1:
        return Check(
            "SPF", State.WARN, _("There are %(n)s records, so none counts.") % {"n": len(records)}, _("Make them one.")
        )
    record = records[0].lower()
    if record.split()[-1] in {"+all", "all"}:
        return Check("SPF", State.WARN, _("Anybody may send for %(domain)s.") % {"domain": domain}, put)
    if naming.lookups_in(record) > naming.MOST_LOOKUPS:
        told = {"n": naming.lookups_in(record), "most": naming.MOST_LOOKUPS}
        return Check(
            "SPF",
            State.WARN,
            _("The record asks %(n)s further questions; after %(most)s it counts as broken.") % told,
            _("Take out what sends no mail any more."),
        )
    return Check(
        "SPF", State.OK, _("%(domain)s says who may send for it: %(record)s") % {"domain": domain, "record": records[0]}
    )


def _dkim(domain: str, record: str | None) -> Check:
    selector = settings.DKIM_SELECTOR
    if not selector:
        return Check(
            "DKIM",
            State.WARN,
            _("It is not known under which selector mail is signed."),
            _("Set DKIM_SELECTOR to the one your mail server uses."),
        )
    name = f"{selector}._domainkey.{domain}"
    if record is None:
        return _silent("DKIM", name)
    if not record or "p=;" in f"{record.replace(' ', '')};".replace('p=""', "p="):
        return Check(
            "DKIM",
            State.WARN,
            _("There is no key at %(name)s.") % {"name": name},
            _("Put into DNS: %(record)s") % {"record": f'{name}. TXT "v=DKIM1; k=rsa; p=…"'},
        )
    return Check("DKIM", State.OK, _("The key is at %(name)s.") % {"name": name})


def _dmarc(domain: str, record: str | None) -> Check:
    if record is None:
        return _silent("DMARC", domain)
    if not record:
        return Check(
            "DMARC",
            State.WARN,
            _("%(domain)s does not say what becomes of mail that only pretends to be from it.") % {"domain": domain},
            _("Put into DNS: %(record)s")
            % {"record": f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'},
        )
    tags = dict(part.strip().lower().split("=", 1) for part in record.split(";") if "=" in part)
    told = {"domain": domain, "policy": tags.get("p", "none")}
    if tags.get("p") not in {"none", "quarantine", "reject"}:
        return Check(
            "DMARC", State.WARN, _("The record names no policy: %(record)s") % {"record": record}, _("Add p=none.")
        )
    strict = "s" in {tags.get("aspf"), tags.get("adkim")}
    aligned = (
        _("Aligned is what is signed or sent by exactly %(domain)s.")
        if strict
        else _("Aligned is what is signed or sent by %(domain)s or a part of it.")
    ) % told
    return Check("DMARC", State.OK, _("The policy is “%(policy)s”.") % told + f" {aligned}")


def _silent(name: str, asked: str) -> Check:
    return Check(name, State.WARN, _("DNS did not answer for %(name)s.") % {"name": asked}, _("Look again later."))


# --- words of this page --------------------------------------------------------------------------------------------
def _name(draft: Draft, language: str) -> str:
    if len(movement().languages) == 1:
        return _("Draft %(draft)s") % {"draft": draft}
    return _("Draft %(draft)s in %(language)s") % {"draft": draft, "language": _language(language)}


def _language(code: str) -> str:
    """As it stands inside a sentence."""
    name = str(get_language_info(code)["name_translated"])
    return name if get_language() == "en" else name.lower()


def _several(told: Sequence[str]) -> str:
    shown = "; ".join(told[:NAMED])
    more = len(told) - NAMED
    return f"{shown}." if more <= 0 else _("%(these)s, and %(n)s more.") % {"these": shown, "n": more}


def _kilobytes(size: int) -> str:
    return f"{max(round(size / 1024), 1):,} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
