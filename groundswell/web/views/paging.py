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
        entry_id = int(number)
    except ValueError:
        return None
    return (since, entry_id) if (since := moment(at)) and 0 <= entry_id <= LARGEST else None


def moment(text: str) -> datetime | None:
    """The moment that `text` is, in ISO 8601 with its zone; None for nothing and for nonsense."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None
