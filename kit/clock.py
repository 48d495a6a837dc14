"""The only source of the current time; business dates are kept apart from system times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Aware UTC now."""
    return datetime.now(UTC)


def business_date(timezone: str, at: datetime | None = None) -> date:
    """The company's calendar day at `at` (now by default)."""
    return (at or now()).astimezone(ZoneInfo(timezone)).date()


def start_of_day(timezone: str, day: date) -> datetime:
    """The first moment of the company's calendar day."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
