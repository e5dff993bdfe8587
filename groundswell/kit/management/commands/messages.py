"""Keeps the translations: takes the strings shown to people into each language's catalogue, checks, compiles."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[3]  # the package: the strings of every floor are in one catalogue
SOURCES = {"*.py": "tests/ migrations/ management/", "*.html": "tests/", "*.txt": "tests/"}  # and where not to look
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
KEYWORDS: dict[str, tuple[Any, ...] | None] = {
    name + lazy: places
    for lazy in ("", "_lazy")
    for name, places in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
} | {"_": None, "gettext_noop": None}
HEADER = {
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}

Key = tuple[str, str]  # context, message


class Command(BaseCommand):
    help = "Takes the strings shown to people into the catalogues of translations; --check and --compile."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="change nothing; name what is not translated well")
        what.add_argument("--compile", action="store_true", help="make the files the site reads (.mo)")

    def handle(self, *args: Any, **options: Any) -> None:
        languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        for language in languages:
            file = catalogue(language)
            if options["compile"]:
                polib.pofile(str(file)).save_as_mofile(str(file.with_suffix(".mo")))
            elif options["check"]:
                if found := problems(extracted(), polib.pofile(str(file))):
                    raise CommandError(
                        "\n".join([f"{len(found)} strings to mend in {file.name} ({language}):", *found])
                    )
            else:
                missing = update(extracted(), file, language)
                self.stdout.write(f"{language}: {missing} strings without a translation.")


def catalogue(language: str) -> Path:
    """The file with the translations into a language."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def extracted() -> dict[Key, polib.POEntry]:
    """Every string shown to people, with the files it stands in and no translation."""
    found: dict[Key, polib.POEntry] = {}
    for file in _files():
        name = file.relative_to(ROOT.parent).as_posix()
        for context, message, plural in _strings(file):
            entry = found.setdefault((context, message), polib.POEntry(msgid=message, msgctxt=context or None))
            if plural and not entry.msgid_plural:
                entry.msgid_plural, entry.msgstr_plural = plural, {0: "", 1: ""}
            if (name, "") not in entry.occurrences:
                entry.occurrences.append((name, ""))
            if re.search(r"%\(\w+\)[a-z]|%[sd]", message + plural):
                entry.flags = ["python-format"]
    return found


def update(found: dict[Key, polib.POEntry], file: Path, language: str) -> int:
    """Bring a catalogue up to the strings found: translations stay, new strings are empty, the rest goes.

    Returns:
        How many strings have no translation.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    old = {_key(entry): entry for entry in polib.pofile(str(file))} if file.exists() else {}
    new = polib.POFile(wrapwidth=0)
    new.metadata = {"Language": language, **HEADER}
    for key in sorted(found, key=lambda key: (found[key].occurrences[0], key)):
        entry = found[key]
        kept = old.get(key)
        if kept and bool(kept.msgid_plural) == bool(entry.msgid_plural):
            entry.msgstr, entry.msgstr_plural, entry.comment = kept.msgstr, kept.msgstr_plural, kept.comment
        new.append(entry)
    new.save(str(file))
    return sum(not _translations(entry) for entry in new)


def problems(found: dict[Key, polib.POEntry], kept: polib.POFile) -> list[str]:
    """What a reader of this language would not see in their own words, one line each, with the file it stands in."""
    have = {_key(entry): entry for entry in kept}
    lines = []
    for key, entry in found.items():
        translations = _translations(have[key]) if key in have else []
        where = f"{entry.occurrences[0][0]}: {entry.msgid!r}"
        if not translations:
            lines.append(f"{where} is not translated")
        else:
            # A plural may write its number as a word, so each translation is held against every form of the original.
            allowed = [sorted(PLACEHOLDER.findall(form)) for form in (entry.msgid, entry.msgid_plural) if form]
            lines += [
                f"{where} has other placeholders in {translation!r}"
                for translation in translations
                if sorted(PLACEHOLDER.findall(translation)) not in allowed
            ]
    return lines


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def _translations(entry: polib.POEntry) -> list[str]:
    """All of them; none where one is missing."""
    given = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    return given if all(given) and "fuzzy" not in entry.flags else []


def _files() -> Iterator[Path]:
    for pattern, elsewhere in SOURCES.items():
        for file in sorted(ROOT.rglob(pattern)):
            if not any(f"{part}/" in elsewhere.split() for part in file.relative_to(ROOT).parts):
                yield file


def _strings(file: Path) -> Iterator[tuple[str, str, str]]:
    """Context, message and plural form of each string in a file; empty where there is none."""
    from babel.messages.extract import extract  # a tool of developers: not needed to run a movement

    source = file.read_text()
    if file.suffix != ".py":
        # Templates become Python calls with their text blanked out; indentation would confuse the reader of Python.
        source = "\n".join(line.strip() for line in templatize(source, origin=str(file)).split("\n"))
    for _line, messages, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        one, many = (messages, "") if isinstance(messages, str) else (messages[0], messages[1])
        if one:
            yield context or "", one, many
