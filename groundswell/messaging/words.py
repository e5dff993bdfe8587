"""What the codes of this floor mean, in words: why a copy was not sent, why a mailing waits."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groundswell.messaging import rules

Text = str | Promise

LEFT_OUT: dict[str, Text] = {
    rules.NO_ADDRESS: _("no address"),
    rules.DEAD_ADDRESS: _("an address that does not work"),
    rules.NO_CONSENT: _("did not agree to these mails"),
    rules.TOOK_BACK: _("took their agreement back"),
    rules.OWN_TEAM_ONLY: _("want mail from people they know only"),
    rules.ENOUGH: _("enough mails this week"),
    rules.GAVE_WAY: _("gave way to another mailing"),
    rules.STOPPED: _("the mailing was stopped"),
}
PAUSED: dict[str, Text] = {
    "missed": _("It had not begun a quarter of an hour after its time, so it waits for you."),
    "bounces": _("More copies came back than a healthy mailing brings."),
    "complaints": _("More people than usual reported it as unwanted."),
    "unsubscribes": _("More people than usual want no more of these mails."),
    "sum": _("What became of its copies does not add up to whom it went to. Tell whoever keeps this system."),
    "changed": _("Its segment was changed after somebody asked for it. Take it back and ask again."),
    "grew": _("It would go to so many by now that a second person has to agree. Take it back and ask for one."),
    "power": _("Whoever asked for it may not send mailings any more. Somebody else has to ask for it again."),
    "person": _("Somebody paused it."),
}
STATES: dict[str, Text] = {
    "queued": pgettext_lazy("copies", "waiting"),
    "sending": pgettext_lazy("copies", "on the wire"),
    "sent": pgettext_lazy("copies", "sent"),
    "failed": pgettext_lazy("copies", "could not be sent"),
    "suppressed": pgettext_lazy("copies", "not sent"),
    "unknown": pgettext_lazy("copies", "may or may not have left"),
}
SIGNALS: dict[str, Text] = {
    "delivered": pgettext_lazy("copies", "taken by their mail server"),
    "bounced": pgettext_lazy("copies", "came back"),
    "opened": pgettext_lazy("copies", "opened"),
    "scanned": pgettext_lazy("copies", "opened by machines only"),
    "clicked": pgettext_lazy("copies", "followed a link"),
    "replied": pgettext_lazy("copies", "answered"),
    "unsubscribed": pgettext_lazy("copies", "want no more"),
    "complained": pgettext_lazy("copies", "reported as unwanted"),
}
TONES = {  # of the badge of a mailing's state
    "draft": "",
    "asked": "note",
    "waiting": "note",
    "sending": "good",
    "paused": "bad",
    "stopped": "",
    "finished": "",
}


def asked(of: Mapping[str, object]) -> list[Text]:
    """What of a mailing's copies are shown, in words."""
    found: list[Text] = []
    if of.get("state"):
        found.append(STATES[str(of["state"])])
    if of.get("why"):
        found.append(why_left_out(str(of["why"])))
    if of.get("signal"):
        found.append(SIGNALS[str(of["signal"])])
    if of.get("lost_to"):
        found.append(LEFT_OUT[rules.GAVE_WAY])
    if of.get("link"):
        found.append(_("followed this link"))
    return found


def why_left_out(problem: str) -> Text:
    """Why a copy is not sent: a code of ours, or what was written."""
    return LEFT_OUT.get(problem, problem)


def why_paused(problem: str) -> Text:
    return PAUSED.get(problem, problem)
