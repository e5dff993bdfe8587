"""Where a page of the ledger goes on, as `?before=` carries it."""

from datetime import datetime

from django.utils.dateparse import parse_datetime

LARGEST = 2**63 - 1  # of PostgreSQL's bigint


def text(mark: tuple[datetime, int]) -> str:
    """The mark of the last entry of a page, for an address."""
    return f"{mark[0].isoformat()}~{mark[1]}"


def mark(text: str) -> tuple[datetime, int] | None:
    """The mark that `text` wrote; None, which is the beginning, for nothing and for nonsense."""
    at, _sign, number = text.partition("~")
    try:
        moment, entry_id = parse_datetime(at), int(number)
    except ValueError:
        return None
    return (moment, entry_id) if moment and moment.tzinfo and 0 <= entry_id <= LARGEST else None
