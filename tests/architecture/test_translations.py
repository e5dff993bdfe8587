"""Every string shown to people is there in every language, and the tool that says so sees what it should."""

import re

import polib
import pytest
from django.core.management import CommandError, call_command

from groundswell.kit.management.commands import messages


def entry(message, translation, **more):
    return polib.POEntry(msgid=message, msgstr=translation, occurrences=[("page.html", "")], **more)


def found(*entries):
    return {("", one.msgid): one for one in entries}


def test_every_string_is_translated():
    call_command("messages", "--check")


def test_spanish_groups_no_thousands_with_a_comma():
    kept = polib.pofile(str(messages.ROOT / "locale/es/LC_MESSAGES/django.po"))
    assert len(kept) > 100
    assert not [one.msgstr for one in kept if re.search(r"\d,\d{3}", one.msgstr)]


def test_check_names_a_string_that_nobody_translated(monkeypatch):
    monkeypatch.setattr(messages, "extracted", lambda: found(entry("Never seen before", "")))
    with pytest.raises(CommandError, match="Never seen before"):
        call_command("messages", "--check")


def test_a_translation_with_other_placeholders_is_a_problem():
    kept = polib.POFile()
    kept.append(entry("%(count)s came to {place}", "Vinieron %(cuenta)s a {place}"))
    (problem,) = messages.problems(found(entry("%(count)s came to {place}", "")), kept)
    assert "other placeholders" in problem
    kept[0].msgstr = "A {place} vinieron %(count)s"
    assert messages.problems(found(entry("%(count)s came to {place}", "")), kept) == []


def test_a_plural_needs_each_of_its_forms():
    asked = entry("%(n)s event", "", msgid_plural="%(n)s events")
    kept = polib.POFile()
    kept.append(entry("%(n)s event", "", msgid_plural="%(n)s events", msgstr_plural={0: "%(n)s evento", 1: ""}))
    assert messages.problems(found(asked), kept)
    kept[0].msgstr_plural[1] = "%(n)s eventos"
    assert not messages.problems(found(asked), kept)


def test_an_update_keeps_translations_and_drops_what_is_gone(tmp_path):
    file = tmp_path / "django.po"
    messages.update(found(entry("Stays", ""), entry("Goes", "")), file, "es")
    kept = polib.pofile(str(file))
    kept.find("Stays").msgstr = "Queda"
    kept.save()

    assert messages.update(found(entry("Stays", ""), entry("New", "")), file, "es") == 1
    assert {one.msgid: one.msgstr for one in polib.pofile(str(file))} == {"Stays": "Queda", "New": ""}


def test_strings_are_found_in_code_and_in_templates(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "views.py").write_text('x = _("From code"); y = ngettext_lazy("%(n)s day", "%(n)s days", "n")\n')
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text('_("Not shown to anybody")\n')
    (tmp_path / "page.html").write_text(
        '<p>\n    {% translate "From a page" %}\n</p>\n  <i>{% blocktranslate trimmed count n=n %}\n    one\n'
        "    line\n  {% plural %}\n    {{ n }} lines\n  {% endblocktranslate %}</i>"
        '{% include "x" with t=_("An argument") %}'
    )
    got = {one.msgid: one.msgid_plural for one in messages.extracted().values()}
    assert got == {
        "From code": "",
        "%(n)s day": "%(n)s days",
        "From a page": "",
        "one line": "%(n)s lines",
        "An argument": "",
    }
