"""The markup in which mails are written: a part of CommonMark, merge fields, and blocks on lines of their own.

Nothing here is ever HTML that somebody wrote: the text is taken apart into tokens, and each is written anew. Where a
field or a link goes stands a mark of signs that no text holds; what they become is for the caller.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from groundswell.kit.text import clean_line
from groundswell.messaging import fields, hooks
from groundswell.messaging.fields import Field
from groundswell.messaging.hooks import BadBlock, Words

OPENS, CLOSES = "\ufdd0", "\ufdd1"  # of a mark: characters that Unicode keeps for a program's own use
MARK = re.compile(f"{OPENS}([a-z0-9_]+){CLOSES}")
LONGEST_ADDRESS = 2_000


class BadText(ValueError):
    """What was written cannot stand in a mail; the message says where and why, in the writer's words."""


@dataclass(frozen=True, slots=True)
class Use:
    """A block where it is used."""

    block: hooks.Block | hooks.PersonalBlock
    arguments: str
    line: int


@dataclass(slots=True)
class Marks:
    """What stands behind the marks of one mail."""

    fields: list[Field] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)

    def of_field(self, one: Field) -> str:
        self.fields.append(Field(one.name, clean_line(one.otherwise)))
        return mark(f"f{len(self.fields) - 1}")

    def of_link(self, url: str) -> str:
        return mark(f"link_{_place(self.links, url)}")

    def of_slot(self, use: Use) -> str:
        return mark(f"slot_{_place(self.slots, f'{use.block.name}: {use.arguments}')}")


def mark(name: str) -> str:
    """Stands for what this name will be."""
    return f"{OPENS}{name}{CLOSES}"


def _place(known: list[str], one: str) -> int:
    if one not in known:
        known.append(one)
    return known.index(one)


# --- fields --------------------------------------------------------------------------------------------------------
def line_marked(text: str, known: Sequence[str], marks: Marks) -> str:
    """A subject or a preview with marks for its fields. Raises BadText."""
    try:
        return _marked(text, known, marks)
    except fields.BadField as wrong:
        raise BadText(str(wrong)) from None


def _marked(text: str, known: Sequence[str], marks: Marks) -> str:
    pieces = fields.parsed(text.replace(OPENS, "").replace(CLOSES, ""), known)
    return "".join(one if isinstance(one, str) else marks.of_field(one) for one in pieces)


# --- blocks --------------------------------------------------------------------------------------------------------
_BLOCK = re.compile(r"[ \t]*\[\[(.*)\]\][ \t]*")


def read(body: str, known: Sequence[str], marks: Marks) -> Iterator[Words | Use]:
    """The passages and blocks of a text, in their order. Raises BadText with the number of the line."""
    text = "\n".join(body.splitlines())
    try:
        text = _marked(text, known, marks)
    except fields.BadField as wrong:
        raise at_line(text.count("\n", 0, wrong.at) + 1, str(wrong)) from None
    passage: list[str] = []
    began = 1
    for number, line in enumerate(text.split("\n"), 1):
        if found := _BLOCK.fullmatch(line):
            yield from _passage(passage, began, marks)
            passage, began = [], number + 1
            try:
                yield _use(found[1], number)
            except BadBlock as wrong:
                raise at_line(number, str(wrong)) from None
        else:
            passage.append(line)
    yield from _passage(passage, began, marks)


def _use(inside: str, line: int) -> Use:
    name, _colon, arguments = (part.strip() for part in inside.partition(":"))
    block = hooks.blocks.get(name.lower())
    if block is None:
        raise BadBlock(
            _("There is no block “%(name)s”. There are: %(known)s.")
            % {"name": MARK.sub("…", name), "known": ", ".join(sorted(hooks.blocks))}
        )
    if isinstance(block, hooks.PersonalBlock):
        if OPENS in arguments:
            raise BadBlock(_("This block takes no fields: it is made for each reader anyway."))
        block.check(arguments)
    return Use(block, arguments, line)


def address(text: str) -> str:
    """A link's address, checked. Raises BadBlock."""
    url = text.strip()
    if OPENS in url:
        raise BadBlock(_("An address holds no fields: it would tell others who reads this."))
    try:
        parts = urlsplit(url)
        good = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(sign.isspace() or sign in '<>"\\' for sign in url):
        raise BadBlock(_("“%(url)s” is no whole address: it begins with https://.") % {"url": url[:80]})
    if len(url) > LONGEST_ADDRESS:
        raise BadBlock(_("An address of %(n)s characters is too long.") % {"n": len(url)})
    return url


def at_line(number: int, message: str) -> BadText:
    """What is wrong in a line of the text."""
    return BadText(_("Line %(number)s: %(message)s") % {"number": number, "message": message})


# --- words ---------------------------------------------------------------------------------------------------------
_RULES = "heading list blockquote hr emphasis link autolink newline escape entity balance_pairs fragments_join"
_MARKDOWN = MarkdownIt("zero", {"html": False}).enable(_RULES.split())
_MARKDOWN.validateLink = lambda url: True  # type: ignore[method-assign]  # `address` says what is wrong with one
_MARKDOWN.normalizeLink = lambda url: url  # type: ignore[method-assign]
_BARE = re.compile(r"https?://[^\s<>\"\ufdd0]+[^\s<>\"\ufdd0.,;:!?')\]]", re.IGNORECASE)
_HEADINGS = {"h1": "h2", "h2": "h2"}  # the first is the movement's name; what is below the third is one, too


def _passage(lines: Sequence[str], began: int, marks: Marks) -> Iterator[Words]:
    if any(line.strip() for line in lines):
        writer = _Writer(marks, began)
        writer.write(_MARKDOWN.parse("\n".join(lines)))
        yield Words("".join(writer.html), "\n".join(writer.text))


class _Writer:
    """Writes tokens as HTML and as text at once."""

    def __init__(self, marks: Marks, began: int) -> None:
        self.html: list[str] = []
        self.text: list[str] = []
        self._marks = marks
        self._line = began
        self._indent: list[str] = []  # of the lines of a text: quotes, and what stands below a list's sign
        self._signs: list[str] = []  # the next line's, where an item begins
        self._numbers: list[int | None] = []  # of the lists around
        self._gap: str | None = None  # an empty line that comes before the next one

    def write(self, tokens: Sequence[Token]) -> None:
        began = self._line
        for token in tokens:
            if token.map:
                self._line = began + token.map[0]
            match token.type:
                case "inline":
                    self._said(token.children or [])
                case "paragraph_open" | "paragraph_close" if token.hidden:
                    continue
                case "hr":
                    self.html.append("<hr>")
                    self._lines("* * *")
                    self._gap = "".join(self._indent).rstrip()
                case "heading_open" | "heading_close":
                    self.html.append(f"<{'/' * (token.nesting < 0)}{_HEADINGS.get(token.tag, 'h3')}>")
                case "ordered_list_open":
                    first = int(token.attrs.get("start", 1))
                    self.html.append(f'<ol start="{first}">' if first != 1 else "<ol>")
                    self._numbers.append(first)
                case _:
                    self.html.append(f"<{'/' * (token.nesting < 0)}{token.tag}>")
                    self._around(token.type)
            inside = token.type == "list_item_close" or (token.tag in {"ul", "ol"} and self._numbers)
            if token.nesting < 0 and not inside:
                self._gap = "".join(self._indent).rstrip()

    def _around(self, kind: str) -> None:
        match kind:
            case "bullet_list_open":
                self._numbers.append(None)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "blockquote_open":
                self._indent.append("> ")
            case "list_item_open":
                number = self._numbers[-1]
                sign = "- " if number is None else f"{number}. "
                self._numbers[-1] = None if number is None else number + 1
                self._signs.append(sign)
                self._indent.append(" " * len(sign))
            case "blockquote_close" | "list_item_close":
                self._indent.pop()

    def _lines(self, text: str) -> None:
        if self._gap is not None and self.text:
            self.text.append(self._gap)
        self._gap = None
        for line in text.split("\n"):
            indent = "".join(self._indent)
            if self._signs:
                sign = "".join(self._signs)
                indent = indent[: len(indent) - len(sign)] + sign
                self._signs.clear()
            self.text.append((indent + line).rstrip())

    def _said(self, tokens: Sequence[Token]) -> None:
        text: list[str] = []
        href, label = "", 0
        for token in tokens:
            match token.type:
                case "text":
                    self._plain(token.content, text, linked=bool(href))
                case "softbreak" | "hardbreak":
                    self.html.append("<br>\n")
                    text.append("\n")
                case "link_open":
                    href, label = self._href(str(token.attrs["href"])), len(text)
                    self.html.append(f'<a href="{escape(href)}">')
                case "link_close":
                    self.html.append("</a>")
                    text[label:] = [self._written_out("".join(text[label:]), href)]
                    href = ""
                case _:
                    self.html.append(f"<{'/' * (token.nesting < 0)}{token.tag}>")
        self._lines("".join(text))

    def _plain(self, content: str, text: list[str], *, linked: bool) -> None:
        """Words; addresses among them are links of their own."""
        last = 0
        for found in [] if linked else _BARE.finditer(content):
            href = self._href(found[0])
            self.html.append(escape(content[last : found.start()], quote=False))
            self.html.append(f'<a href="{href}">{escape(found[0], quote=False)}</a>')
            text += [content[last : found.start()], href]
            last = found.end()
        self.html.append(escape(content[last:], quote=False))
        text.append(content[last:])

    def _href(self, url: str) -> str:
        scheme = url.partition(":")[0].lower()
        if scheme in {"mailto", "tel"} and OPENS not in url:
            return url
        try:
            return self._marks.of_link(address(url))
        except BadBlock as wrong:
            raise at_line(self._line, str(wrong)) from None

    def _written_out(self, label: str, href: str) -> str:
        """The words of a link and where it leads; only that where the words are the address."""
        url = self._marks.links[int(found[1][5:])] if (found := MARK.fullmatch(href)) else href
        if label.strip() == url.partition(":")[2]:
            return label
        return href if label.strip() == url else f"{label} <{href}>"
