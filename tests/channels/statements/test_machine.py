"""Statements of one partner, whatever is sold, returned, adjusted and decided in any order: a stateful machine."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from kit.testing.service import ServiceHarness
from services.channels.statements import service as use_cases
from services.channels.statements.schemas import RebateStatementsRun
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.statements.stated import DIRECTOR, PATH, adjust, statements

TIERS = [{"start": 0, "rate": 13_337}, {"start": 40_000, "rate": 31_111}]
_STANDS = """
SELECT (SELECT COALESCE(sum(amount), 0)::bigint FROM rebate_accrual) AS accrued,
    (SELECT COALESCE(sum(amount), 0)::bigint FROM rebate_adjustment) AS adjusted,
    (SELECT count(*) FROM (SELECT FROM rebate_statement_line WHERE is_live GROUP BY source_id HAVING count(*) > 1) t)
        AS twice,
    (SELECT COALESCE(sum(amount), 0)::bigint FROM rebate_entry) AS ledger,
    (SELECT COALESCE(sum(amount), 0)::bigint FROM rebate_posting) AS posted
"""


class Story:
    """A partner, its orders, and the day."""

    def __init__(self, service: ServiceHarness, days: Days, dice: random.Random) -> None:
        self.service, self.days, self.dice = service, days, dice
        self.day, self.orders = date(2026, 1, 2), list[tuple[Order, int]]()

    async def begin(self) -> None:
        self.days.on(self.day.isoformat())
        self.partner_id = await partner(self.service)
        kind = self.dice.choice(("marginal", "retroactive"))
        await publish(self.service, kind=kind, tiers=TIERS, period="month")

    async def later(self) -> None:
        self.day += timedelta(self.dice.randint(1, 25))
        self.days.on(self.day.isoformat())

    async def sell(self) -> None:
        net = self.dice.randint(1, 50_000)
        order = Order(self.partner_id, [("rock", net)], self.day - timedelta(self.dice.randint(0, 40)))
        if order.order_date >= date(2026, 1, 1):
            await self.service.deliver(order.confirmed())
            self.orders.append((order, net))

    async def give_back(self) -> None:
        if self.orders:
            order, left = self.orders.pop(self.dice.randrange(len(self.orders)))
            part = self.dice.choice((left, self.dice.randint(1, left)))
            await self.service.deliver(order.returned(("rock", part), on=self.day))
            self.orders += [(order, left - part)] if left > part else []

    async def adjust(self) -> None:
        await adjust(self.service, self.partner_id, self.dice.choice((-700, -5, 3, 900)))

    async def calculate(self) -> None:
        asked = RebateStatementsRun(posting_date=self.day, min_payout=self.dice.choice((0, 500)))
        async with self.service.transaction() as tx:
            await use_cases.calculate(self.service.work(tx), self.partner_id, asked)

    async def decide(self) -> None:
        """Any action on any statement: done, or refused and nothing happens."""
        found = await statements(self.service, limit=100)
        if found:
            action = self.dice.choice(("approve", "approve", "pay", "dispute", "recalculate", "cancel"))
            body = {"pay": {}, "dispute": {"reason": "x"}, "cancel": {"reason": "x"}}.get(action)
            headers = self.service.headers(*DIRECTOR) if action == "approve" else None
            one = self.dice.choice(found[-2:])
            answer = await self.service.post(f"{PATH}/{one['id']}/{action}", body, headers=headers)
            assert answer.status_code in (200, 409), answer.text

    async def check(self) -> None:
        """Everything that was earned or adjusted is paid, carried, in a statement that waits, or in none yet."""
        (stands,) = await self.service.rows(_STANDS)
        assert (stands["twice"], stands["ledger"], stands["posted"]) == (0, 0, 0)
        rows = [row for row in await statements(self.service, limit=100) if row["state"] != "cancelled"]
        stated = sum(row["accruals"] + row["adjustments"] for row in rows)
        (free,) = await self.service.rows(
            "SELECT COALESCE(sum(x.amount), 0)::bigint AS amount FROM ("
            "SELECT id, amount FROM rebate_accrual UNION ALL SELECT id, amount FROM rebate_adjustment) x "
            "WHERE NOT EXISTS (SELECT FROM rebate_statement_line l WHERE l.source_id = x.id AND l.is_live)"
        )
        assert stated + free["amount"] == stands["accrued"] + stands["adjusted"]
        last = sum(row["carried"] for row in rows if row["carried_to"] is None)
        assert sum(row["payable"] for row in rows) + last == stated, "each carry counts once"


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_or_paid_twice(service: ServiceHarness, days: Days, seed: int) -> None:
    dice = random.Random(seed)
    story = Story(service, days, dice)
    await story.begin()
    steps = (story.later, story.sell, story.sell, story.give_back, story.adjust, story.calculate, story.decide)
    for _ in range(45):
        await dice.choice(steps)()
    await story.check()
    assert await statements(service)
    assert await service.parked() == []
