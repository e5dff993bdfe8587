"""Pure reading of mail that comes in: one of ours that came back (RFC 3464), a complaint (RFC 5965), an answer, or none
of these. Our own copies are known by their Message-ID, `<delivery@domain>`, and by the tokens in their addresses.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses, parseaddr
from html import unescape

from groundswell.kit.text import clean_line

LONGEST = 10_000  # characters of an answer
BOUNCED, DEFERRED, COMPLAINED, REPLIED = "bounced", "deferred", "complained", "replied"


@dataclass(frozen=True, slots=True)
class Report:
    """What is told about one copy; plain JSON values.

    Attributes:
        kind: a kind of signal.
        key: what makes it one, however often it comes.
        copies: ids of deliveries that it names, the most trusted first.
        tokens: of their addresses.
        their_id: what the provider calls the mail.
        address: of who was to get it; empty where that is not told.
        status, said: of what came back: an enhanced status code, the server's words.
        text: of an answer.
        at: when, in ISO 8601; empty: now.
        signed: a provider vouches for it. Otherwise anybody may have written it, who knows no more than an address.
    """

    kind: str
    key: str
    copies: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    their_id: str = ""
    address: str = ""
    status: str = ""
    said: str = ""
    text: str = ""
    at: str = ""
    signed: bool = False


def read(message: Message, key: str, recipients: Sequence[str] = ()) -> Report | None:
    """What a mail tells; None where it is nothing of ours, or a machine's answer.

    Args:
        recipients: to whom it came, where the headers do not say it.
    """
    match message.get_content_type(), str(message.get_param("report-type", "")).lower():
        case "multipart/report", "feedback-report":
            return _complaint(message, key)
        case "multipart/report", _:
            return _returned(message, key)
    if _is_from_a_server(message):
        return _returned_in_words(message, key)
    return None if is_automatic(message) else _answer(message, key, recipients)


# --- what came back ------------------------------------------------------------------------------------------------
def _returned(message: Message, key: str) -> Report | None:
    fields = _fields(message, "message/delivery-status")
    action = fields.get("action", "").lower()
    if action not in {"failed", "delayed"}:
        return None
    return Report(
        BOUNCED if action == "failed" else DEFERRED,
        key,
        copies=_copies(message),
        tokens=_tokens(message),
        address=_address(fields.get("final-recipient", "") or fields.get("original-recipient", "")),
        status=fields.get("status", ""),
        said=clean_line(fields.get("diagnostic-code", "").partition(";")[2] or _text(message))[:500],
    )


def _returned_in_words(message: Message, key: str) -> Report | None:
    """Servers that know no form for it. Without one of our ids in it nothing is known."""
    if not (copies := _copies(message)):
        return None
    said = _text(message)[:LONGEST]
    later = re.search(
        r"delay|still trying|warning|will (keep|be) (re)?try", f"{message['Subject'] or ''}\n{said}", re.I
    )
    return Report(DEFERRED if later else BOUNCED, key, copies=copies, said=_before_the_copy(said)[:500])


def _before_the_copy(text: str) -> str:
    """What a server says, without our mail below it."""
    own = itertools.takewhile(
        lambda line: not line.startswith(("---", "===")) and not re.match(r"(received|return-path):", line, re.I),
        text.splitlines(),
    )
    return clean_line(" ".join(own))


def _complaint(message: Message, key: str) -> Report | None:
    fields = _fields(message, "message/feedback-report")
    if fields.get("feedback-type", "").lower() not in {"abuse", "fraud", "other"}:
        return None
    address = _address(fields.get("original-rcpt-to", ""))
    return Report(COMPLAINED, key, copies=_copies(message), tokens=_tokens(message), address=address)


def _fields(message: Message, kind: str) -> dict[str, str]:
    """The fields of a report's part, in lower case; of several recipients those of the first that failed."""
    found: dict[str, str] = {}
    for part in message.walk():
        if part.get_content_type() != kind:
            continue
        payload = part.get_payload()
        blocks = payload if isinstance(payload, list) else [_parsed(_content(part))]
        for block in blocks:
            for name, value in block.items() if isinstance(block, Message) else ():
                found.setdefault(name.lower(), clean_line(str(value)))
    return found


def _parsed(text: str) -> Message:
    return HeaderParser().parsestr(text.lstrip())


def _address(field: str) -> str:
    """`rfc822; erin@example.org` or `<erin@example.org>`."""
    return parseaddr(field.rpartition(";")[2].strip())[1].lower()


def _is_from_a_server(message: Message) -> bool:
    sender = parseaddr(str(message["From"] or ""))[1].partition("@")[0].lower()
    return sender in {"mailer-daemon", "postmaster"} or str(message["Return-Path"] or "").strip() == "<>"


# --- answers -------------------------------------------------------------------------------------------------------
_OUT_OF_OFFICE = re.compile(
    r"(auto(matic)?[ -]?(reply|response|matische)|out of (the )?office|respuesta autom|fuera de (la )?oficina|"
    r"réponse automatique|abwesen)",
    re.IGNORECASE,
)


_OF_MACHINES = ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Reply")


def is_automatic(message: Message) -> bool:
    """Whether a machine wrote it, ours among them: no machine may answer it, and nobody wants to read it (RFC 3834)."""
    says = {name: str(message[name] or "").strip().lower() for name in ("Auto-Submitted", "Precedence")}
    return (
        says["Auto-Submitted"] not in {"", "no"}
        or says["Precedence"] in {"bulk", "junk", "list", "auto_reply"}
        or any(message[name] for name in _OF_MACHINES)
        or _OUT_OF_OFFICE.match(str(message["Subject"] or "")) is not None
    )


_RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To")


def _answer(message: Message, key: str, recipients: Sequence[str]) -> Report | None:
    named = [str(value) for name in _RECIPIENTS for value in message.get_all(name, [])]
    addresses = [address for _name, address in getaddresses([*recipients, *named])]
    tokens = [match[1] for address in addresses if (match := _REPLY.match(address))]
    copies = _COPY.findall(f"{message['In-Reply-To'] or ''} {message['References'] or ''}")
    text = without_quotes(_text(message))
    if not text or not (tokens or copies):
        return None
    return Report(REPLIED, key, copies=tuple(reversed(copies)), tokens=tuple(tokens), text=text)


_QUOTE_BEGINS = re.compile(
    r"^\s*(on .{4,200} wrote:|el .{4,200} escribió:|am .{4,200} schrieb .*:|le .{4,200} a écrit\s?:"
    r"|-{2,}\s*(original message|mensaje original|forwarded message).*|_{10,}|from: .+|de: .+@.+)\s*$",
    re.IGNORECASE,
)


def without_quotes(text: str) -> str:
    """What somebody wrote, without the mail below it; everything where nothing else is left."""
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines):
        joined = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line  # "On ... \n wrote:"
        if _QUOTE_BEGINS.match(line) or (line.strip() and _QUOTE_BEGINS.match(joined) and line[:3].lower() in _OPENERS):
            break
        if not line.lstrip().startswith(">"):
            kept.append(clean_line(line))
    text = "\n".join(kept).strip() or "\n".join(clean_line(line) for line in lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text)[:LONGEST]


_OPENERS = {"on ", "el ", "am ", "le "}


# --- parts ---------------------------------------------------------------------------------------------------------
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_COPY = re.compile(rf"<({_ID})@", re.IGNORECASE)
_MESSAGE_ID = re.compile(rf"^message-id:\s*<({_ID})@", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"/u/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])")
_REPLY = re.compile(r"reply\+([A-Za-z0-9_-]{32})@", re.IGNORECASE)


def ids_in(said: str) -> list[str]:
    """Ids of copies: one alone, or as a Message-ID."""
    return [said] if re.fullmatch(_ID, said, re.IGNORECASE) else _COPY.findall(said)


def _copies(message: Message) -> tuple[str, ...]:
    """The ids of our copies that stand in what is sent along, or else anywhere."""
    whole = _whole(message)
    return tuple(dict.fromkeys([*_MESSAGE_ID.findall(whole), *_COPY.findall(whole)]))[:5]


def _tokens(message: Message) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_TOKEN.findall(_whole(message))))[:5]


def _whole(message: Message) -> str:
    return "\n".join(_everything(message))


def _everything(message: Message) -> Iterator[str]:
    for part in message.walk():
        yield "\n".join(f"{name}: {value}" for name, value in part.items())
        if not part.is_multipart():
            yield _content(part)


def _content(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return str(part.get_payload())
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _text(message: Message) -> str:
    """The text that people read; of HTML what is left without its tags."""
    parts = [part for part in message.walk() if part.get_content_maintype() == "text" and not part.get_filename()]
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    if plain is not None:
        return _content(plain)
    return _as_text(_content(parts[0])) if parts else ""


def _as_text(html: str) -> str:
    html = re.sub(r"(?is)<(style|script|blockquote)\b.*?(</\1>|\Z)", "", html)
    return unescape(re.sub(r"<[^<>]*>", "", re.sub(r"(?i)<(br|/p|/div|/li)\b[^<>]*>", "\n", html)))
