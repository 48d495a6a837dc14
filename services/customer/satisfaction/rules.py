"""Pure rules of satisfaction: the mean of the answers of a year, and the days on which it may change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.customer.accounts.enums import SatisfactionLevel
from services.customer.surveys.rules import level_of

FORMULA_VERSION: Final = 1
DAYS: Final = timedelta(days=365)
"""An answer counts on its day and on 364 days after it."""


class Day(NamedTuple):
    """The answers of a business day: what they count for (twelfths of a percent), and how many."""

    on: date
    twelfths: int
    answers: int


class Standing(NamedTuple):
    """How satisfied an account is on a day. `score` is the whole percent that the mean reaches: of 79.6 it is 79, as it
    would not be in the class of 80."""

    on: date
    level: SatisfactionLevel | None
    score: int | None
    sample_size: int


def standing_on(days: Sequence[Day], on: date) -> Standing:
    """The mean of the answers that count on a day."""
    counted = [day for day in days if on - DAYS < day.on <= on]
    twelfths, answers = sum(day.twelfths for day in counted), sum(day.answers for day in counted)
    score = twelfths // (12 * answers) if answers else None
    return Standing(on, level_of(twelfths, answers), score, answers)


def walk(days: Sequence[Day], since: date | None, today: date) -> list[Standing]:
    """Where an account stands on each day after `since` on which that may change, and today: when answers came, and
    when they have become too old."""
    turns = {turn for day in days for turn in (day.on, day.on + DAYS) if (since is None or turn > since)}
    return [standing_on(days, on) for on in sorted({turn for turn in turns if turn < today} | {today})]


def next_turn(days: Sequence[Day], today: date) -> date | None:
    """The first day after today on which an answer does not count any more."""
    return min((day.on + DAYS for day in days if day.on <= today < day.on + DAYS), default=None)
