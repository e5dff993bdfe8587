"""Keeping how each mailing did beside it, so that lists need not count a million copies."""

from dataclasses import asdict
from datetime import timedelta

from groundswell.jobs.services import Lease
from groundswell.kit import clock
from groundswell.messaging.models import Mailing
from groundswell.messaging.selectors import results

COUNT = "messaging.count"
COUNT_EVERY = timedelta(minutes=1)


def count(lease: Lease) -> None:
    """Count the mailings that changed."""
    for mailing in results.to_be_counted(clock.now()):
        at = clock.now()
        progress = results.progress(mailing)
        figures = asdict(sum(results.by_subject(mailing).values(), results.Figures()))
        with lease.transaction():
            Mailing.objects.filter(pk=mailing.pk).update(
                figures=figures | {"people": progress.total, "done": progress.done}, counted_at=at
            )
