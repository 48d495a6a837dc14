"""Scores of CDNOW, computed again from the file by the bands of the requirement, with facts that come late."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from kit.testing.service import ServiceHarness
from tests.risk.cdnow import Item, begin, hear
from tests.risk.holds.owing import set_policy
from tests.risk.scorecards.scored import run

DAYS = (date(1997, 10, 31), date(1998, 6, 30))
YEAR, LEAST = 365, 100
GRADES = ((90, "AAA"), (80, "AA"), (70, "A"), (60, "BBB"), (50, "BB"), (40, "B"), (25, "CCC"), (0, "D"))
Factor = tuple[int, int]
"""Points, and how many there could be."""


def band(value: Fraction, *bands: tuple[int, int]) -> int:
    """Points of the first band whose upper end a value does not exceed."""
    return next((points for edge, points in bands if value <= edge), 0)


def behaviour(items: Sequence[Item], day: date) -> dict[str, Factor]:
    """Lateness, lateness by share, defaults and disputes: of those who had anything due."""
    since = day - timedelta(YEAR)
    late = late_of = share = share_of = defaults = 0
    for item in items:
        owed = item.open_on(day) if item.open_on(day) >= LEAST else 0
        paid = [(on, amount, (on - item.due).days) for on, amount in item.payments if on <= day]
        overdue = max(0, (day - item.due).days)
        late += sum(amount * max(0, days) for on, amount, days in paid if on > since) + owed * overdue
        late_of += sum(amount for on, amount, _ in paid if on > since) + (owed if overdue else 0)
        if since < item.due <= day:
            share += sum(amount for _on, amount, days in paid if days > 3) + (owed if overdue > 3 else 0)
            share_of += sum(amount for _on, amount, _days in paid) + owed
        ninety_first = item.due + timedelta(91)
        defaults += ninety_first <= day and item.open_on(ninety_first) >= LEAST
    found = {"disputes": (5, 5)}
    if late_of:
        found["days_late"] = band(Fraction(late, late_of), (0, 25), (5, 20), (15, 14), (30, 8), (60, 3)), 25
    if share_of:
        found["late_share"] = band(Fraction(100 * share, share_of), (2, 15), (10, 11), (25, 6), (50, 2)), 15
    cured = not any(item.due + timedelta(91) <= day and item.open_on(day) >= LEAST for item in items)
    found["defaults"] = 20 if not defaults else 8 if defaults == 1 and cured else 0, 20
    return found


def factors(items: Sequence[Item], limit: int, day: date) -> dict[str, Factor]:
    """Points of all factors that have data; there are no statements, reports or disputes."""
    sold = [item for item in items if item.day <= day]
    if not sold:
        return {}
    found = behaviour(sold, day) if any(item.due <= day for item in sold) else {}
    used = sum(max(0, sum(item.open_on(day - timedelta(back)) for item in sold)) for back in range(90))
    found["utilisation"] = band(Fraction(100 * used, 90 * limit), (30, 10), (60, 8), (80, 5), (100, 2)), 10
    first = min(item.day for item in sold)
    months = (day.year - first.year) * 12 + day.month - first.month - (day.day < first.day)
    found["tenure"] = next((points for edge, points in ((36, 8), (12, 6), (6, 3)) if months >= edge), 0), 8
    return found


def scored(items: Sequence[Item], limit: int, day: date) -> tuple[int | None, str, dict[str, Factor]]:
    """Score, grade and factors of an account."""
    found = factors(items, limit, day)
    due = [
        item
        for item in items
        if day - timedelta(YEAR) < item.due <= day
        and max(0, item.open_on(day) if item.open_on(day) >= LEAST else 0)
        + sum(a for on, a in item.payments if on <= day)
    ]
    points, most = (sum(one[part] for one in found.values()) for part in (0, 1))
    is_uncured = any(item.due + timedelta(91) <= day and item.open_on(day) >= LEAST for item in items)
    score = None if len(due) < 3 or most < 50 else round(Fraction(100 * points, most))
    if is_uncured:
        return score, "D", found
    return score, "NR" if score is None else next(name for least, name in GRADES if score >= least), found


async def kept(service: ServiceHarness, run_id: str) -> dict[UUID, tuple[int | None, str, dict[str, Factor]]]:
    """What a run found, by account."""
    sql = "SELECT account_id, score, scored_grade, factors FROM credit_score WHERE run_id = $1"
    rows: list[dict[str, Any]] = await service.rows(sql, UUID(run_id))
    return {
        row["account_id"]: (
            row["score"],
            row["scored_grade"],
            {one["factor"]: (one["points"], one["max_points"]) for one in json.loads(row["factors"])},
        )
        for row in rows
    }


async def test_cdnow_is_scored_as_it_was_on_any_day_with_what_comes_late(service: ServiceHarness) -> None:
    await set_policy(service, items_from="1990-01-01")
    story = await begin(service, 3)
    of: dict[UUID, list[Item]] = defaultdict(list)
    for item in story.items:
        of[item.account_id].append(item)
    grades = set()
    for count in (len(story.later) // 2, len(story.later)):
        await hear(service, story, count)
        for day in DAYS:
            found = await kept(service, (await run(service, as_of=str(day)))["id"])
            right = {key: scored(items, story.limits[key], day) for key, items in of.items()}
            assert found == right, next((key, found[key], right[key]) for key in right if found[key] != right[key])
            grades |= {grade for _score, grade, _factors in found.values()}
    assert {"D", "NR"} < grades
