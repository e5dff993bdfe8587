"""Writes of this floor; each is one transaction. Locks: a walk, then its ask.

What somebody on a journey passes is written in the transaction that also queues the mail and asks the human, so a
process that dies in the middle has done nothing, and the next one begins at the same step.
"""

from groundswell.journeys.services.asking import answer
from groundswell.journeys.services.walking import enter, let_in, look, walk
from groundswell.journeys.services.writing import make, pause, publish, resume, save_draft, too_many

__all__ = [
    "answer",
    "enter",
    "let_in",
    "look",
    "make",
    "pause",
    "publish",
    "resume",
    "save_draft",
    "too_many",
    "walk",
]
