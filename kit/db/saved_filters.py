"""Saved filters: a query string of the list grammar that is kept and applied again and again, on the day of each use.

It is checked as a list's query is, and holds filters and `q` only. Where a date or a date-time stands, a relative date
may stand: `today`, `week-start` (Monday), `month-start`, `quarter-start` or `year-start`, then up to three shifts by
days, weeks, months, quarters or years, applied in turn: `today-30d`, `month-start-1m`, `month-start+1m-1d` (the last
day of the month). A day that a month does not have is its last one. For a date-time the day is its first moment in the
company zone, and the operator `gte` or `lt`. Results stay within the years 1900 to 2999.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from kit.db.filters import Field, ListSpec, Refused
from kit.db.list_query import PARAMETER, ListQuery, joined, parse_query
from kit.db.lists import condition_of
from kit.errors import BadQuery, FieldError

MAX_LENGTH: Final = 4_000
MAX_PARAMETERS: Final = 50
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
_OPTIONS: Final = frozenset({"sort", "fields", "limit", "cursor", "count"})
_RELATIVE: Final = re.compile(r"(today|(?:week|month|quarter|year)-start)((?:[+-][0-9]{1,4}[dwmqy]){0,3})", re.ASCII)
_SHIFT: Final = re.compile(r"([+-][0-9]+)([dwmqy])")
_MONTHS: Final = {"m": 1, "q": 3, "y": 12}
_ANY_DAY: Final = date(2024, 2, 29)


def relative_date(text: str, today: date) -> date | None:
    """The day that a relative date means on `today`; None when it is none."""
    matched = _RELATIVE.fullmatch(text)
    if matched is None:
        return None
    day = _base(matched.group(1), today)
    for amount, unit in _SHIFT.findall(matched.group(2)):
        day = min(max(_shifted(day, int(amount), unit), FIRST_DAY), LAST_DAY)
    return day


def _base(word: str, today: date) -> date:
    if word == "week-start":
        return today - timedelta(days=today.weekday())
    if word == "month-start":
        return today.replace(day=1)
    if word == "quarter-start":
        return today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    return today.replace(month=1, day=1) if word == "year-start" else today


def _shifted(day: date, amount: int, unit: str) -> date:
    if unit in _MONTHS:
        year, month = divmod(day.year * 12 + day.month - 1 + amount * _MONTHS[unit], 12)
        if not FIRST_DAY.year <= year <= LAST_DAY.year:
            return FIRST_DAY if amount < 0 else LAST_DAY
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=amount * (7 if unit == "w" else 1))


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A checked filter. `text` is what to keep: the same filter is always written the same way.

    `others` are the parameters that parse_saved_filter was told of and that its caller reads itself.
    """

    spec: ListSpec
    params: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The query string."""
        return urlencode(sorted((*self.params, *self.others)), safe="[],:")

    def fields(self) -> frozenset[str]:
        """Names of the list's fields that it asks for."""
        return frozenset(name.partition("[")[0] for name, _ in self.params if name != "q")

    def on(self, today: date, timezone: str) -> ListQuery:
        """The list's query that it is on a business day of the company zone."""
        return parse_query(self.spec, _resolved(self.spec, self.params, today, timezone)[0])

    def condition(
        self, today: date, timezone: str, where: str = "TRUE", args: Sequence[object] = ()
    ) -> tuple[str, list[object]]:
        """What follows `FROM {spec.source} WHERE` for its rows among those of `where`, and the parameters.

        `args` are those of `where` (`$1`...) and come first.
        """
        return condition_of(self.spec, self.on(today, timezone), where, args)


def parse_saved_filter(spec: ListSpec, text: str, *, extra: Collection[str] = ()) -> SavedFilter:
    """Check a query string (without `?`) against a list; raises BadQuery with one FieldError per fault.

    `extra` names parameters that the caller reads itself. A filter that is accepted once is good on every day, for as
    long as the list offers its fields.
    """
    params = joined(_decoded(text))
    own = [(name, value) for name, value in params if name not in extra]
    errors = [
        FieldError(name, "not-a-filter", "a saved filter chooses rows; order and pages are each reader's own")
        for name, _ in own
        if name in _OPTIONS
    ]
    resolved, refused = _resolved(spec, [each for each in own if each[0] not in _OPTIONS], _ANY_DAY, "UTC")
    try:
        parse_query(spec, resolved)
    except BadQuery as error:
        refused += error.errors
    if errors or refused:
        raise BadQuery(errors=[*errors, *refused])
    others = [(name, value) for name, value in params if name in extra]
    return SavedFilter(spec, tuple(sorted(own)), tuple(sorted(others)))


def _decoded(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"A saved filter has at most {MAX_LENGTH} characters")
    if not text:
        return []
    try:
        return parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise BadQuery(f"Expected name=value pairs joined by &, at most {MAX_PARAMETERS}, in UTF-8") from error


def _resolved(
    spec: ListSpec, params: Sequence[tuple[str, str]], today: date, timezone: str
) -> tuple[list[tuple[str, str]], list[FieldError]]:
    """Parameters with their relative dates replaced, without those where one stands with the wrong operator."""
    found: list[tuple[str, str]] = []
    errors: list[FieldError] = []
    for name, value in params:
        matched = PARAMETER.fullmatch(name)
        field = spec.fields.get(matched.group(1)) if matched else None
        if matched is None or field is None or field.kind not in ("date", "datetime"):
            found.append((name, value))
            continue
        try:
            parts = [_absolute(field, matched.group(2), part, today, timezone) for part in value.split(",")]
            found.append((name, ",".join(parts)))
        except Refused as refused:
            errors.append(FieldError(name, refused.code, refused.detail))
    return found, errors


def _absolute(field: Field, operator: str | None, text: str, today: date, timezone: str) -> str:
    # an unescaped + of a query string arrives as a space
    day = relative_date(text.replace(" ", "+"), today)
    if day is None:
        return text
    if field.kind == "date":
        return day.isoformat()
    if operator not in ("gte", "lt"):
        raise Refused("relative-date", "a day bounds date-times by [gte] and [lt] only")
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
