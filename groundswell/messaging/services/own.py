"""Writing to people of one's own, as a host to the guests: with the same way out as a mailing, and with answers that
reach who wrote without an address being shown.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from groundswell.kit.ids import new_id
from groundswell.messaging import addresses
from groundswell.messaging.models import Delivery
from groundswell.messaging.services.queueing import Message, queue_many

Written = Callable[[str], Message]  # given the address where its reader ends these


def write_to(about: str, letters: Iterable[Written]) -> list[Delivery]:
    """Queue letters to people of one's own, in the caller's transaction. Who wants no more about this gets none: their
    letter is suppressed when its turn comes.

    Args:
        about: `kind:<id>` of a kind that `hooks.register_own` knows; the purpose that each of them can take back.
        letters: a `reply_to` of theirs stands only where no answers come in to us.
    """
    messages = []
    for written in letters:
        own = new_id()
        leave = addresses.leave(own)
        message = written(leave)
        answers = addresses.answers(own, message.reply_to) if message.reply_to else ""
        messages.append(replace(message, id=own, purpose=about, unsubscribe=leave, reply_to=answers))
    return queue_many(messages)
