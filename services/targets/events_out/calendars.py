"""The company's own days of the calendar. The constant key of the units."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar, Literal

from kit.events.contract import Part, Published
from services.targets.events_out.units import ORGANISATION_KEY


class OwnDay(Part):
    """A day that is off, or worked, whatever the calendar of the country says."""

    date: datetime.date
    kind: Literal["off", "working"]


class CalendarChanged(Published):
    """All own days of a year, also those of before; `country` (ISO 3166-1, None: Monday to Friday) is the rest."""

    country: str | None
    year: int
    days: list[OwnDay]
    version: int
    business_date: datetime.date

    TYPE: ClassVar[str] = "targets.calendar.changed.v1"
    SUBJECT: ClassVar[str] = "year"
    KEY: ClassVar[str] = f"={ORGANISATION_KEY}"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "country": "CN",
        "year": 2026,
        "days": [{"date": "2026-12-24", "kind": "off"}, {"date": "2026-12-26", "kind": "working"}],
        "version": 2,
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = (CalendarChanged,)
AGREED: tuple[type[Published], ...] = ()
