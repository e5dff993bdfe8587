"""Mailings, deliveries, and what came back of them."""

from groundswell.messaging.models.deliveries import Delivery, Link, Mailbox, Signal
from groundswell.messaging.models.letters import Worded
from groundswell.messaging.models.mailings import Draft, Mailing, Subject, Version
from groundswell.messaging.models.sending import Allowance, Choice, Domain, Hold

__all__ = [
    "Allowance",
    "Choice",
    "Delivery",
    "Domain",
    "Draft",
    "Hold",
    "Link",
    "Mailbox",
    "Mailing",
    "Signal",
    "Subject",
    "Version",
    "Worded",
]
