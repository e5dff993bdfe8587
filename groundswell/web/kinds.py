"""The ledger kinds this floor writes: decisions on floors that have no ledger below them."""

from django.utils.translation import gettext_lazy as _

from groundswell.ledger.hooks import Kind
from groundswell.ledger.services import record

KINDS = [Kind("jobs.unparked", _("let a parked job run again"), {"job": int, "name": str})]


def record_unparked(job_id: int, name: str, actor: str) -> None:
    record("jobs.unparked", actor=actor, data={"job": job_id, "name": name})
