"""Where the kind of a day comes from."""

from __future__ import annotations

from enum import StrEnum


class DaySource(StrEnum):
    """Its weekday, the country's holidays and make-up days, or the company itself."""

    WEEK = "week"
    PUBLIC = "public"
    OWN = "own"
