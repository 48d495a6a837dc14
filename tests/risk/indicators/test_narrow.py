"""A fact has only those indicators evaluated that it touches, and all show what they would if all were evaluated."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from kit.work import system_work
from services.customer import events_out as customer
from services.risk.indicators import repository
from services.risk.indicators.evaluations import MARKS_DUE
from services.risk.indicators.metrics import read
from services.risk.indicators.rules import FALLING, SCOPES
from services.risk.marks.enums import IndicatorMeasure
from tests.risk.conftest import Days, Order, account_created, partner_activated, payment, turn
from tests.risk.contracts.drafts import draft, signed
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.disputes.disputed import closed, opened
from tests.risk.indicators.test_product_lines import answer, back, sold
from tests.risk.indicators.watched import alerts, case, conflict, evaluate, floor, pace, said, warning, watch
from tests.risk.obligations.test_judging import owed
from tests.risk.redirects.test_decisions import redirect

__all__ = ["logged"]
STEPS = 60
LINES, REGIONS = ("rock", "jazz"), ("CN-SH", "CN-BJ")


@pytest.fixture(autouse=True)
def today(days: Days) -> Days:
    days.on(date(2026, 3, 1))
    return days


async def differing(service: ServiceHarness) -> list[tuple[str, Any, Any]]:
    """Indicators that show something else than they would if they were evaluated now."""
    rows = await service.rows("SELECT id, measure, value, sample FROM indicator_reading ORDER BY id")
    async with service.transaction() as tx:
        work = system_work(tx, "risk", service.runtime.settings)
        known = {one.id: one for one in await repository.list_by_id(tx, [row["id"] for row in rows])}
        found = {row["id"]: await read(work, known[row["id"]]) for row in rows}
    return [
        (row["measure"], row, found[row["id"]])
        for row in rows
        if (row["value"], row["sample"]) != tuple(found[row["id"]])
    ]


def named(event: Event, given: dict[str, Any]) -> Event:
    """The event of an order of that partner, channel and region."""
    names = {name: given[name] for name in ("partner_id", "channel_id", "region")}
    return make_event(event.type, {**event.payload, **names}, event.key, subject=event.subject)


class Story:
    """Facts of some accounts, partners and channels, and an indicator of each measure for each of them."""

    def __init__(self, service: ServiceHarness, dice: random.Random) -> None:
        self.service, self.dice = service, dice
        self.members: dict[str, list[str]] = {
            "account_id": [str(new_id()) for _ in range(4)],
            "partner_id": [str(new_id()) for _ in range(2)],
            "channel_id": [str(new_id()) for _ in range(2)],
            "target_id": [str(new_id()) for _ in range(2)],
            "region": list(REGIONS),
            "product_line": list(LINES),
        }
        self.accounts = [UUID(each) for each in self.members["account_id"]]
        self.orders: dict[UUID, tuple[Order, dict[str, Any], str]] = {}
        self.cases: list[UUID] = []
        self.conflicts: list[UUID] = []
        self.disputes: list[str] = []
        self.merges: dict[UUID, tuple[UUID, UUID]] = {}
        self.heard: list[Event] = []

    async def begin(self) -> None:
        partners = [partner_activated(UUID(each)) for each in self.members["partner_id"]]
        await self.hear(*(account_created(each) for each in self.accounts), *partners)
        for measure in IndicatorMeasure:
            scopes = [{name: each} for name in SCOPES[measure] for each in self.members[name]]
            bounds = {"amber": 3, "red": 1} if measure in FALLING else {"amber": 1, "red": 3}
            for scope in scopes if measure is IndicatorMeasure.TARGET_SHORTFALL else [{}, *scopes]:
                await watch(self.service, measure.value, **{**bounds, "hysteresis": 0, "min_sample": 0, **scope})
        await evaluate(self.service)

    async def hear(self, *events: Event) -> None:
        self.heard += events
        again = [self.dice.choice(self.heard)] if self.dice.random() < 0.1 else []
        await self.service.deliver(*events, *again)

    def pick(self, *states: str) -> tuple[Order, dict[str, Any]] | None:
        found = [(order, given) for order, given, state in self.orders.values() if state in states]
        return self.dice.choice(found) if found else None

    def move(self, order: Order, state: str) -> None:
        self.orders[order.id] = (order, self.orders[order.id][1], state)

    # steps

    async def place(self) -> None:
        order = Order(self.dice.choice(self.accounts), self.dice.choice((100, 900, 10**9)))
        names = ("partner_id", "channel_id", "region")
        given: dict[str, Any] = {name: self.dice.choice([None, *self.members[name]]) for name in names}
        given |= {"order_date": "2026-02-14", "net_base": order.gross}
        self.orders[order.id] = (order, given, "placed")
        await self.hear(order.placed(**given))

    async def again(self) -> None:
        """An order asks again, as one of another account by now."""
        found = self.pick("placed")
        if found is not None:
            order, given = found
            other = self.dice.choice(self.accounts)
            await self.hear(order.placed(order.placement + 1, **given, account_id=other, stream_key=order.account_id))

    async def cancel(self) -> None:
        found = self.pick("placed")
        if found is not None:
            order, given = found
            self.move(order, "cancelled")
            await self.hear(order.event(customer.OrderCancelled, state="cancelled", **given))

    async def confirm(self) -> None:
        found = self.pick("placed")
        if found is None:
            return
        order, given = found
        self.move(order, "confirmed")
        second, taken_off = self.dice.choice((None, LINES[1])), self.dice.choice((None, 5))
        parts = ((LINES[0], order.gross // 3, 10), (second, order.gross - order.gross // 3, taken_off))
        await self.hear(named(sold(order, *parts), given))

    async def give_back(self) -> None:
        found = self.pick("confirmed")
        if found is not None:
            order, given = found
            amount = self.dice.randint(1, min(500, order.gross))
            await self.hear(named(back(order, (self.dice.choice(LINES), amount)), given))

    async def pay(self) -> None:
        """Money of one account, perhaps for the order of another."""
        found = self.pick("confirmed", "placed")
        if found is not None:
            payer = self.dice.choice([found[0].account_id, *self.accounts])
            await self.hear(payment(payer, (found[0], self.dice.randint(1, 900)), refund=self.dice.random() < 0.2))

    async def complain(self) -> None:
        if self.cases and self.dice.random() < 0.5:
            each = self.dice.choice(self.cases)
            await self.hear(case(self.dice.choice(self.accounts), case_id=each, late=True))
        else:
            self.cases.append(each := new_id())
            kind = self.dice.choice(("complaint", "question"))
            await self.hear(case(self.dice.choice(self.accounts), case_id=each, kind=kind))

    async def say(self) -> None:
        order = Order(self.dice.choice(self.accounts), 1)
        await self.hear(answer(order, self.dice.randint(0, 10), self.dice.choice((None, *LINES))))

    async def warn(self) -> None:
        await self.hear(warning(self.dice.choice(self.accounts), is_over=self.dice.random() < 0.4))

    async def quarrel(self) -> None:
        partners = [UUID(each) for each in self.members["partner_id"]]
        if self.conflicts and self.dice.random() < 0.4:
            await self.hear(conflict(self.conflicts.pop(), self.dice.choice(partners), is_over=True))
        else:
            self.conflicts.append(each := new_id())
            await self.hear(conflict(each, *self.dice.sample(partners, self.dice.randint(1, 2))))

    async def undercut(self) -> None:
        of = {name: self.dice.choice([None, *self.members[name]]) for name in ("partner_id", "channel_id")}
        told = floor(self.dice.choice(self.accounts))
        await self.hear(make_event(told.type, {**told.payload, **of}, told.key, subject=told.subject))

    async def progress(self) -> None:
        target = UUID(self.dice.choice(self.members["target_id"]))
        await self.hear(pace(target, self.dice.choice((None, 400_000, 990_000, 1_100_000))))

    async def merge(self) -> None:
        if self.merges and self.dice.random() < 0.5:
            merged = self.dice.choice(sorted(self.merges))
            survivor, merge_id = self.merges.pop(merged)
            await self.hear(*redirect(survivor, merged, merge_id, ends=True))
            return
        roots = [each for each in self.accounts if each not in self.merges]
        if len(roots) > 1:
            survivor, merged = self.dice.sample(roots, 2)
            self.merges[merged] = (survivor, merge_id := new_id())
            await self.hear(*redirect(survivor, merged, merge_id))

    async def dispute(self) -> None:
        if self.disputes and self.dice.random() < 0.5:
            await closed(self.service, self.disputes.pop(), 0)
            return
        sql = "SELECT order_id FROM receivable r WHERE open > 0 AND due_on IS NOT NULL AND NOT EXISTS (SELECT FROM"
        found = await self.service.rows(f"{sql} dispute_order d WHERE d.order_id = r.order_id) ORDER BY order_id")
        if found:
            order = self.orders[found[0]["order_id"]][0]
            self.disputes.append(await opened(self.service, (order, 1)))


@pytest.mark.parametrize("seed", range(3))
async def test_narrowed_equals_whole(logged: ServiceHarness, seed: int) -> None:
    story = Story(logged, random.Random(seed))
    await story.begin()
    steps = [story.place] * 3 + [story.confirm] * 3 + [story.pay] * 2 + [story.give_back, story.again, story.cancel]
    steps += [story.complain, story.say, story.warn, story.quarrel, story.undercut, story.progress]
    steps += [story.merge] * 2 + [story.dispute]
    taken: dict[str, int] = defaultdict(int)
    for _ in range(STEPS):
        step = story.dice.choice(steps)
        await step()
        taken[step.__name__] += 1
        await evaluate(logged)
        assert await differing(logged) == [], step.__name__
    assert len(taken) >= 12, taken
    assert await logged.parked() == []
    await publish_all(logged, story.heard)
    for name in ("tally", "discount_tally", "line_tally", "receivable"):
        await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, name)
    assert await differing(logged) == []


async def due(service: ServiceHarness) -> set[str]:
    """Indicators that are evaluated next, once their marks are taken."""
    await DueLoop(service.runtime, [MARKS_DUE]).turn()
    rows = await service.rows("SELECT id, due_at, evaluated_at FROM indicator_reading")
    return {str(row["id"]) for row in rows if row["due_at"] <= row["evaluated_at"]}


def ids(*paths: str) -> set[str]:
    return {path.rpartition("/")[2] for path in paths}


async def test_an_order_touches_whom_it_names_and_the_company(service: ServiceHarness) -> None:
    mine, other, third = new_id(), new_id(), new_id()
    sells, idle = new_id(), new_id()
    for each in (mine, other, third):
        await service.deliver(account_created(each))
    await service.deliver(partner_activated(sells), partner_activated(idle))
    whole = await watch(service)
    of = [await watch(service, account_id=str(each)) for each in (mine, other, third)]
    by = [await watch(service, partner_id=str(each)) for each in (sells, idle)]
    where = [await watch(service, region=each) for each in REGIONS]
    lines = [await watch(service, "return_rate", product_line=each) for each in LINES]
    count = await watch(service, "churn_warnings")
    order = Order(mine, 100)
    await service.deliver(order.placed())
    await evaluate(service)
    told = named(sold(order, (LINES[0], 100, 0)), {"partner_id": sells, "channel_id": None, "region": REGIONS[0]})
    await service.deliver(told)
    assert await due(service) == ids(whole, of[0], by[0], where[0], lines[0])
    await evaluate(service)
    await service.deliver(payment(other, (order, 40)))
    assert await due(service) == ids(whole, of[0], of[1], by[0], where[0]), "who pays, and whose the order is"
    await evaluate(service)
    await service.deliver(*redirect(third, mine, new_id()))
    assert await due(service) == ids(whole, of[0], of[2])
    await evaluate(service)
    await service.deliver(payment(third, (order, 10)))
    assert await due(service) == ids(whole, of[0], of[2], by[0], where[0]), "accounts that are one"
    await evaluate(service)
    await service.deliver(warning(mine))
    assert await due(service) == ids(count)


async def test_a_mark_of_the_release_before_touches_all(service: ServiceHarness) -> None:
    await service.deliver(account_created(account_id := new_id()))
    paths = [await watch(service), await watch(service, account_id=str(account_id))]
    await watch(service, "dso")
    await evaluate(service)
    async with service.transaction() as tx:
        sql = "INSERT INTO indicator_mark (id, measure, due_at) SELECT gen_random_uuid(), 'overdue_ratio', due_at"
        await tx.execute(f"{sql} - interval '2 minutes' FROM indicator_reading LIMIT 1")
    assert await due(service) == ids(*paths)


async def test_an_obligation_that_becomes_late_is_seen_at_once(service: ServiceHarness, today: Days) -> None:
    today.on(date(2026, 1, 5))
    await service.deliver(account_created(account_id := new_id()), account_created(other := new_id()))
    once = {"amber": 1, "red": 2, "hysteresis": 0}
    mine = await watch(service, "obligations_overdue", account_id=str(account_id), **once)
    others = await watch(service, "obligations_overdue", account_id=str(other), **once)
    contract = await draft(service, account_id)
    obligation = await owed(service, contract, falls_on="2026-01-30", kind="report", amount=None)
    await signed(service, "2026-01-05", contract)
    await turn(service)
    await evaluate(service)
    today.on(date(2026, 1, 31))
    await turn(service)
    await evaluate(service)
    assert await said(service) == ["raised amber"]
    found = (await service.post(f"{obligation}/meet", {"on": "2026-01-31", "evidence": "handed in"})).status_code
    assert found == 200
    assert await due(service) == ids(mine) != ids(others)
    await evaluate(service)
    assert [one["state"] for one in await alerts(service)] == ["resolved"]
