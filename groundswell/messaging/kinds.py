"""The ledger kinds this floor writes. Copies sent and opened are no deeds: they stay in tables of their own."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind

KINDS = [
    Kind("mailing.made", _("began a mailing")),
    Kind("mailing.asked", _("asked a second person to agree to a mailing"), {"people": int}),
    Kind("mailing.refused", _("did not agree to a mailing")),
    Kind("mailing.launched", _("launched a mailing"), {"people": int}),
    Kind("mailing.called_back", _("called a mailing back")),
    Kind("mailing.paused", _("paused a mailing"), {"why": str}),
    Kind("mailing.resumed", _("let a mailing go on")),
    Kind("mailing.stopped", _("stopped a mailing")),
    Kind("mailing.finished", _("finished a mailing"), {"people": int, "sent": int}),
    Kind("mailing.settled", _("said whether a copy of a mailing arrived"), {"state": str}),
    Kind("sending.held", _("held all sending"), {"why": str}),
    Kind("sending.resumed", _("let sending go on")),
    Kind("sending.pace_changed", _("changed how fast mail goes out")),
    Kind("mail.clicked", _("followed a link in a mailing"), {"link": int}),
    Kind("mail.replied", _("answered a mail")),
    Kind("mail.unsubscribed", _("wants no more of these mails"), {"purpose": str}),
    Kind("mail.chose", _("chose how much mail comes"), {"per_week": int, "own_team_only": bool}),  # 0: as we think
]
