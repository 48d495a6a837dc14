"""Periods as people write them: 2015, 2015-Q3, 2015-07, or two days 2015-07-01..2015-09-30."""

from __future__ import annotations

import calendar
import re
from datetime import date

_FORMS = re.compile(
    r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<month>0[1-9]|1[0-2])))?\Z", re.ASCII
)


class NotAPeriod(ValueError):
    """Text that names no period."""


def bounds(text: str) -> tuple[date, date]:
    """First and last day. Raises NotAPeriod."""
    if ".." in text:
        return _two_days(text)
    found = _FORMS.match(text)
    if found is None or found["year"] == "0000":
        raise NotAPeriod(text)
    year = int(found["year"])
    first, last = 1, 12
    if found["quarter"]:
        first, last = int(found["quarter"]) * 3 - 2, int(found["quarter"]) * 3
    elif found["half"]:
        first, last = int(found["half"]) * 6 - 5, int(found["half"]) * 6
    elif found["month"]:
        first = last = int(found["month"])
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def _two_days(text: str) -> tuple[date, date]:
    try:
        first, last = (date.fromisoformat(part) for part in text.split(".."))
    except ValueError:
        raise NotAPeriod(text) from None
    if last < first:
        raise NotAPeriod(text)
    return first, last
