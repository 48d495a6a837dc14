"""Bodies and query of the calendar."""

from __future__ import annotations

import datetime

from pydantic import ConfigDict, Field

from kit.calendar import DayKind, OwnKind
from kit.web.schema import BusinessDate, Label, Schema
from services.targets.calendars.enums import DaySource


class CalendarQuery(Schema):
    """Which days: at most 800."""

    first: BusinessDate = Field(alias="from", description="first day")
    last: BusinessDate = Field(alias="to", description="last day")


class DaySet(Schema):
    """What the company says of a day: it is off, or it works. It wins over the holidays of the country."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "off", "reason": "founding day"}})

    kind: OwnKind
    reason: Label


class CalendarDayRead(Schema):
    """A day. `working` and `make_up` (a weekend day that works) are working days, `weekend` and `off` are not; the
    `source` is its weekday, the country's public holidays and make-up days, or the company's `own` word."""

    date: datetime.date
    kind: DayKind
    source: DaySource
    reason: str | None
    version: int = Field(description="how often the company has said something of the day")


class CalendarRead(Schema):
    """Days in order. Years after `calendar_known_until` have statutory holidays only: their make-up days are not
    announced yet."""

    country: str | None
    calendar_known_until: datetime.date
    working_days: int
    items: list[CalendarDayRead]
