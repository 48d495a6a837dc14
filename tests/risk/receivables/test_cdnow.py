"""Ageing and days sales outstanding of CDNOW, computed again from the file, with facts that come late."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from kit.testing.service import ServiceHarness
from tests.risk.cdnow import Item, begin, hear
from tests.risk.receivables.conftest import BUCKETS, ageing

DAYS = (date(1997, 3, 31), date(1997, 9, 30), date(1998, 2, 28), date(1998, 7, 31))
WINDOW = 90
EDGES = ((0, "current"), (30, "d1_30"), (60, "d31_60"), (90, "d61_90"))


def aged(items: Sequence[Item], day: date) -> dict[str, int]:
    """An ageing as the requirement says it, item by item."""
    found = dict.fromkeys(BUCKETS, 0)
    for item in items:
        owed, late = item.open_on(day), (day - item.due).days
        if owed < 0:
            found["credits"] -= owed
        elif owed:
            found[next((name for edge, name in EDGES if late <= edge), "over_90")] += owed
    found["total"] = sum(found[name] for name in BUCKETS[:5]) - found["credits"]
    return found


def tenths(value: Fraction) -> str:
    whole, rest = divmod(round(value * 10), 10)
    return f"{whole}.{rest}"


def outstanding(items: Sequence[Item], day: date) -> tuple[int, str, str, str, str]:
    """Sales, dso, best dso, delay and the count back, as the requirement says them."""
    first = day - timedelta(WINDOW - 1)
    sold = sum(item.gross for item in items if first <= item.day <= day)
    sold -= sum(amount for item in items for on, amount in item.returns if first <= on <= day)
    owed = [(item, item.open_on(day)) for item in items if item.open_on(day) > 0]
    whole = sum(amount for _item, amount in owed)
    early = sum(amount for item, amount in owed if item.due >= day)
    by_month: dict[tuple[int, int], int] = defaultdict(int)
    for item in items:
        if item.day <= day:
            by_month[item.day.year, item.day.month] += item.gross
        for on, amount in item.returns:
            if on <= day:
                by_month[on.year, on.month] -= amount
    days, rest, year, month = Fraction(0), whole, day.year, day.month
    length = day.day
    while rest > 0:
        if rest < by_month[year, month]:
            days += Fraction(rest, by_month[year, month]) * length
            break
        days, rest = days + length, rest - by_month[year, month]
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        length = monthrange(year, month)[1]
    each = Fraction(WINDOW, sold)
    return sold, tenths(whole * each), tenths(early * each), tenths((whole - early) * each), tenths(days)


async def shown(service: ServiceHarness, day: date, query: str = "") -> tuple[Any, ...]:
    answer = await service.get(f"/v1/receivable-figures?as_of={day}&window_days={WINDOW}{query}")
    found = answer.json()
    return tuple(found[name] for name in ("sales", "dso", "best_dso", "delay", "dso_countback"))


async def by_account(service: ServiceHarness, day: date) -> dict[str, dict[str, int]]:
    """All pages of the ageing by account."""
    rows: list[dict[str, Any]] = []
    path = f"/v1/receivable-ageings?as_of={day}&by=account&limit=200"
    cursor = ""
    while True:
        page = (await service.get(path + cursor)).json()
        rows += page["items"]
        if not page["next_cursor"]:
            return {row["key"]: {name: row[name] for name in BUCKETS} for row in rows}
        cursor = f"&cursor={page['next_cursor']}"


async def test_cdnow_is_aged_as_it_was_on_any_day_with_what_comes_late(service: ServiceHarness) -> None:
    story = await begin(service, 3)
    for count in (0, len(story.later) // 2, len(story.later)):
        await hear(service, story, count)
        for day in DAYS:
            right = aged(story.items, day)
            assert await ageing(service, str(day)) == tuple(right.values()), (count, day)
            assert await shown(service, day) == outstanding(story.items, day), (count, day)
    day = DAYS[-2]
    of: dict[UUID, list[Item]] = defaultdict(list)
    for item in story.items:
        of[item.account_id].append(item)
    right_by = {str(account_id): aged(items, day) for account_id, items in of.items()}
    right_by = {key: row for key, row in right_by.items() if any(row.values())}
    assert await by_account(service, day) == right_by
    first = day - timedelta(WINDOW - 1)
    busy = max(of, key=lambda account_id: sum(first <= item.day <= day for item in of[account_id]))
    assert await shown(service, day, f"&account_id={busy}") == outstanding(of[busy], day)
