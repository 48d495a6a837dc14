"""What a day profile rests on."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """Weekdays and months of at least a year, weekdays alone, or the working days of the calendar."""

    PROFILE = "profile"
    WEEKDAYS = "weekdays"
    WORKING_DAYS = "working_days"
