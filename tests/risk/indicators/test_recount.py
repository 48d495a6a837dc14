"""What indicators read equals what Python counts from the rows, of whomever they are, also after merges."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.db.database import Tx
from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from kit.work import Work, system_work
from services.risk.indicators import repository
from services.risk.indicators.evaluations import MARKS_DUE
from services.risk.indicators.metrics import read
from services.risk.indicators.models import Indicator
from services.risk.indicators.rules import NO_DATA, WINDOWS, Reading, concentration, net_promoters, share, window_of
from services.risk.marks.enums import IndicatorMeasure
from services.risk.receivables import service as receivables
from services.risk.receivables.schemas import FiguresQuery
from services.risk.sums import service as sums
from tests.risk.conftest import Days
from tests.risk.indicators.test_narrow import Story, logged, today

__all__ = ["logged", "today"]
M = IndicatorMeasure
NIL = UUID(int=0)
TABLES = ("tally_bucket", "tally_line", "tally_case", "tally_discount", "receivable", "dispute_order")
Rows = Sequence[Mapping[str, Any]]


class Counting:
    """All rows, and the counting of them one by one."""

    def __init__(self, tables: Mapping[str, Rows], roots: Mapping[UUID, UUID]) -> None:
        self.tables, self.roots = tables, roots

    def root(self, account_id: UUID) -> UUID:
        return self.roots.get(account_id, account_id)

    def rows(self, table: str, of: Indicator, day: str | None, work: Work) -> list[Mapping[str, Any]]:
        first, last = window_of(of.measure, of.window_days, work.today)
        return [
            row for row in self.tables[table] if (day is None or first <= row[day] <= last) and self.counts(row, of)
        ]

    def counts(self, row: Mapping[str, Any], of: Indicator) -> bool:
        if of.account_id is not None:
            filed = row["account_id"]
            return filed is not None and self.root(filed) == self.root(of.account_id)
        given = {name: getattr(of, name) for name in ("partner_id", "channel_id", "region", "product_line")}
        return all(row[name] == value for name, value in given.items() if value is not None)

    def reading(self, of: Indicator, work: Work) -> Reading | None:
        """None: not counted here."""
        lined = of.product_line is not None
        amounts, things = Counter[str](), Counter[str]()
        days = self.rows("tally_line" if lined else "tally_bucket", of, "day", work)
        for row in days:
            amounts[row["kind"]] += row["amount"]
            things[row["kind"]] += 1 if lined else row["count"]
        if of.measure in (M.CUSTOMER_CONCENTRATION, M.CHANNEL_CONCENTRATION):
            return self.groups(days, "account_id" if of.measure is M.CUSTOMER_CONCENTRATION else "channel_id")
        if of.measure in (M.COMPLAINT_RATE, M.SLA_BREACH_RATE):
            cases = self.rows("tally_case", of, "opened_on", work)
            if of.measure is M.SLA_BREACH_RATE:
                return Reading(share(sum(row["is_breached"] for row in cases), len(cases)), len(cases))
            sold = things["confirmed"]
            return Reading(share(sum(row["is_complaint"] for row in cases), sold), sold)
        if of.measure is M.RETURN_RATE:
            return Reading(share(-amounts["returned"], amounts["confirmed"]), things["confirmed"])
        if of.measure is M.CANCELLATION_RATE:
            return Reading(share(things["cancelled"], things["placed"]), things["placed"])
        if of.measure is M.SATISFACTION:
            answers = things["answer"]
            return Reading(net_promoters(things["promoter"], things["detractor"], answers), answers)
        if of.measure is M.DISCOUNT_DEPTH and not lined:
            orders = self.rows("tally_discount", of, "day", work)
            off = sum(row["discount"] for row in orders)
            return Reading(share(off, off + sum(row["net"] for row in orders)), len(orders))
        return self.overdue(of, work) if of.measure is M.OVERDUE_RATIO else None

    def groups(self, days: Rows, column: str) -> Reading:
        sums = Counter[UUID]()
        for row in days:
            if row["kind"] in ("confirmed", "returned") and row[column] != NIL:
                sums[self.root(row[column])] += row["amount"]
        above = [each for each in sums.values() if each > 0]
        return Reading(concentration(sum(each**2 for each in above), sum(above)), len(above))

    def overdue(self, of: Indicator, work: Work) -> Reading:
        disputed = Counter[UUID]()
        for row in self.tables["dispute_order"]:
            if row["closed_on"] is None:
                disputed[row["order_id"]] += row["amount"]
        items = [row for row in self.rows("receivable", of, None, work) if row["open"] > 0 and row["due_on"]]
        late = sum(max(0, row["open"] - disputed[row["order_id"]]) for row in items if row["due_on"] < work.today)
        return Reading(share(late, sum(row["open"] for row in items)), len(items))


async def figures(work: Work, of: Indicator) -> Reading:
    """Days sales outstanding as whoever asks for figures is told them."""
    window = of.window_days or WINDOWS[M.DSO]
    query = FiguresQuery(window_days=window, account_id=of.account_id, partner_id=of.partner_id)
    found = (await receivables.read_figures(work, query)).dso
    return NO_DATA if found is None else Reading(int(found.replace(".", "")), 1)


async def counting(tx: Tx) -> Counting:
    tables = {name: [dict(row) for row in await tx.fetch(f"SELECT * FROM {name}")] for name in TABLES}
    roots = {
        row["account_id"]: row["root_id"] for row in await tx.fetch("SELECT account_id, root_id FROM account_root")
    }
    return Counting(tables, roots)


@pytest.mark.parametrize("seed", range(2))
async def test_read_equals_counted(logged: ServiceHarness, days: Days, seed: int) -> None:
    story = Story(logged, random.Random(seed))
    await story.begin()
    steps = [story.place] * 4 + [story.confirm] * 4 + [story.pay, story.give_back, story.again, story.cancel]
    steps += [story.complain, story.say, story.merge, story.merge, story.dispute]
    told: Counter[IndicatorMeasure] = Counter()
    for number in range(100):
        await story.dice.choice(steps)()
        if number % 10 < 9:
            continue
        days.on(date(2026, 3, 1) + timedelta(number // 20))
        await DueLoop(logged.runtime, [MARKS_DUE]).turn()
        async with logged.transaction() as tx:
            work = system_work(tx, "risk", logged.runtime.settings)
            rows = await tx.fetch("SELECT id FROM indicator")
            counted = await counting(tx)
            assert await sums.unequal(tx) == []
            for one in await repository.list_by_id(tx, [row["id"] for row in rows]):
                is_dso = one.measure is M.DSO
                expected = await figures(work, one) if is_dso else counted.reading(one, work)
                if expected is not None:
                    assert await read(work, one) == expected, one
                    told[one.measure] += expected.value is not None
    assert len([each for each in told.values() if each]) == 10, told
