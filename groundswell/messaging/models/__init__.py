"""Mailings, deliveries, and what came back of them."""

from groundswell.messaging.models.answers import Answer, Inbox
from groundswell.messaging.models.deliveries import Delivery, Link, Mailbox, Signal
from groundswell.messaging.models.mailings import Draft, Mailing, Part, Subject, Version
from groundswell.messaging.models.sending import Allowance, Choice, Domain, Hold
from groundswell.messaging.models.writing import Probe, Template

__all__ = [
    "Allowance",
    "Answer",
    "Choice",
    "Delivery",
    "Domain",
    "Draft",
    "Hold",
    "Inbox",
    "Link",
    "Mailbox",
    "Mailing",
    "Part",
    "Probe",
    "Signal",
    "Subject",
    "Template",
    "Version",
]
