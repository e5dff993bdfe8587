"""Writes of this floor: put mails into the queue, and send what waits there.

Exactly once does not exist over SMTP. What holds: a message is queued once by its key; it is committed as `sending`
before the wire is touched; what then ends as `sending` becomes `unknown` and is never sent again by itself.
"""

from groundswell.messaging.services.letters import check_words, restore_letter, word_letter
from groundswell.messaging.services.queueing import Message, forget_suppressed, queue, queue_many, release
from groundswell.messaging.services.sending import send_due

__all__ = [
    "Message",
    "check_words",
    "forget_suppressed",
    "queue",
    "queue_many",
    "release",
    "restore_letter",
    "send_due",
    "word_letter",
]
