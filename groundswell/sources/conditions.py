"""What segments can ask about where people came from."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groundswell.people.conditions import Condition, Label, Sql, Values, either, subject, words

_THROUGH = """EXISTS (SELECT FROM sources_touch touch WHERE touch.person_id = people_person.id
    AND touch.source_id = (SELECT source.id FROM sources_source source WHERE source.code = %s) {fence})"""
_BROUGHT = """EXISTS (SELECT FROM sources_touch touch JOIN sources_source source ON source.id = touch.source_id
    WHERE touch.person_id = people_person.id AND source.person_id IS DISTINCT FROM people_person.id
    AND source.kind = 'sharer' {fence})"""
_BROUGHT_BY = """EXISTS (SELECT FROM sources_touch touch JOIN sources_source source ON source.id = touch.source_id
    WHERE touch.person_id = people_person.id AND source.person_id = %s::uuid
    AND source.person_id <> people_person.id {fence})"""


def _through(values: Values, denied: bool, label: Label) -> str:
    clause = either(
        denied,
        gettext("came through the source code “%(code)s”"),
        gettext("never came through the source code “%(code)s”"),
    )
    return clause % {"code": values["code"]}


def _brought(values: Values, denied: bool, label: Label) -> str:
    if not values["by"]:
        return either(
            denied, gettext("were brought by somebody who shared"), gettext("came without somebody's sharing")
        )
    clause = either(denied, gettext("were brought by “%(sharer)s”"), gettext("were not brought by “%(sharer)s”"))
    return clause % {"sharer": label("people", str(values["by"]))}


CONDITIONS = (
    Condition(
        "source",
        _("Source code"),
        (words("code", _("Code"), 64),),
        _through,
        lambda values, moment: Sql(_THROUGH, (values["code"],)),
    ),
    Condition(
        "brought",
        _("Brought by somebody"),
        (subject("by", _("Only by this person"), hint=_("The address of their page. Empty: anybody.")),),
        _brought,
        lambda values, moment: Sql(_BROUGHT_BY, (values["by"],)) if values["by"] else Sql(_BROUGHT),
    ),
)
