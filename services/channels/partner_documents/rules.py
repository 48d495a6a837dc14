"""Pure rules of documents of partners: when is warned of an end, and what keeps a partner from being activated."""

from __future__ import annotations

from datetime import date, timedelta

from kit.errors import Conflict

WARNED = timedelta(days=30)
"""How long before its last day is warned that a document ends."""


class DocumentExpired(Conflict):
    code, title = "document-expired", "A mandatory document of the partner has expired"


def warning_day(valid_to: date | None, today: date) -> date | None:
    """On which day is warned of an end: 30 days before it, at once where fewer are left, never of what is over.

    >>> str(warning_day(date(2026, 12, 31), date(2026, 6, 1)))
    '2026-12-01'
    >>> str(warning_day(date(2026, 12, 31), date(2026, 12, 31)))
    '2026-12-31'
    >>> warning_day(date(2026, 12, 31), date(2027, 1, 1)), warning_day(None, date(2027, 1, 1))
    (None, None)
    """
    if valid_to is None or valid_to < today:
        return None
    return max(valid_to - WARNED, today)
