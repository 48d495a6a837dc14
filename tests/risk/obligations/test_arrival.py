"""Obligations are met, late and open again by orders and payments, whichever of these are heard first, or twice: where
they end is computed here again, from the facts alone."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer import events_out as customer
from tests.risk.conftest import Days, turn
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.obligations.test_judging import ordered, running

__all__ = ["logged"]
CONTRACTS = 8
TODAY = date(2026, 11, 15)
PAYMENTS: Mapping[str, tuple[Any, str, int]] = {
    "received": (customer.PaymentReceived, "received_on", 1),
    "refunded": (customer.PaymentRefunded, "refunded_on", -1),
    "voided": (customer.PaymentVoided, "voided_on", -1),
}
DUES = ("2026-03-31", "2026-06-30")


@dataclass
class Story:
    """A contract, what of it is owed, and what came of its orders: (kind of obligation, day, amount)."""

    contract: str
    account_id: UUID
    paths: list[str]
    moves: list[tuple[str, date, int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def trade(self, dice: random.Random) -> None:
        """An order with what is paid, taken back and delivered of it, none of which is below nought."""
        order_id, net = new_id(), dice.randint(0, 200)
        gross, day = net + dice.randint(0, 40), date(2026, 2, 1) + timedelta(dice.randint(0, 150))
        self.events.append(
            ordered(self.contract, self.account_id, order_id, order_date=str(day), gross_base=gross, net_base=net)
        )
        self.moves.append(("volume", day, net))
        if dice.random() < 0.6:
            back, later = dice.randint(0, net), day + timedelta(dice.randint(0, 60))
            more = {"return_id": new_id(), "return_date": str(later)}
            more |= {"return_gross_base": -back, "return_net_base": -back, "settled_base": None}
            self.events.append(ordered(self.contract, self.account_id, order_id, customer.OrderReturned, **more))
            self.moves.append(("volume", later, -back))
        for _ in range(dice.randint(0, 2)):
            self.pay(dice, order_id, day)

    def pay(self, dice: random.Random, order_id: UUID, day: date) -> None:
        """A payment of an order, and perhaps its way back."""
        amount, payment_id = dice.randint(1, 160), new_id()
        steps = [("received", amount)]
        if dice.random() < 0.5:
            steps.append((dice.choice(("refunded", "voided")), dice.randint(1, amount)))
        for step, part in steps:
            kind, dated, sign = PAYMENTS[step]
            day += timedelta(dice.randint(0, 60))
            if step == "voided":
                part = amount
            payload = {**kind.EXAMPLE, "account_id": self.account_id, "stream_key": self.account_id, dated: str(day)}
            payload |= {"payment_id" if step == "refunded" else "id": payment_id, "business_date": str(day)}
            payload |= {"allocations": [{"order_id": order_id, "amount": part, "amount_base": part}]}
            self.events.append(make_event(kind.TYPE, payload, self.account_id))
            self.moves.append(("payment", day, sign * part))

    def right(self, kind: str, amounts: Sequence[int]) -> list[tuple[str, str | None, int | None]]:
        """State, day and days late of the obligations of a kind: each is met on the first day from which on the sum
        covers it and all before it."""
        sums: dict[date, int] = defaultdict(int)
        for each, day, amount in self.moves:
            sums[day] += amount if each == kind else 0
        total, by_day = 0, []
        for day in sorted(sums):
            total += sums[day]
            by_day.append((day, total))
        found: list[tuple[str, str | None, int | None]] = []
        for number, due in enumerate(DUES):
            needed, met = sum(amounts[: number + 1]), None
            for day, reached in reversed(by_day):
                if reached < needed:
                    break
                met = day
            late = None if met is None else max(0, (met - date.fromisoformat(due)).days)
            found.append(("late", None, None) if met is None else ("met", str(met), late))
        return found


async def stories(service: ServiceHarness, days: Days, dice: random.Random) -> list[Story]:
    kinds = ("payment", "volume")
    owed = [{"kind": kind, "falls_on": due, "amount": 100} for kind in kinds for due in DUES]
    made = [Story(*await running(service, days, *owed)) for _ in range(CONTRACTS)]
    for one in made:
        for _ in range(3):
            one.trade(dice)
        dice.shuffle(one.events)
    return made


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_is_heard_first(logged: ServiceHarness, days: Days, seed: int) -> None:
    dice = random.Random(seed)
    made = await stories(logged, days, dice)
    heard: list[Event] = []
    for number in range(max(len(one.events) for one in made)):
        # the first of them while nothing is due yet, the others long after
        days.on(date(2026, 2, 1) if number < 2 else TODAY)
        events = [one.events[number] for one in made if number < len(one.events)]
        again = dice.sample(heard, min(2, len(heard)))
        heard += events
        await logged.deliver(*events, *again)
        if dice.random() < 0.7:
            await turn(logged)
    await turn(logged)
    ends: set[str] = set()
    for one in made:
        rows = [(await logged.get(path)).json() for path in one.paths]
        found = [(row["state"], row["met_on"], row["days_late"]) for row in rows]
        assert found == one.right("payment", (100, 100)) + one.right("volume", (100, 100))
        ends |= {row["state"] for row in rows}
    assert ends == {"met", "late"}
    said = await logged.published("risk.obligation.met.v1", "risk.obligation.late.v1")
    words = [(e.type, e.subject, e.payload["occurrence"], e.payload.get("met_on")) for e in said]
    assert len(set(words)) == len(words), "each word once"
    assert max(e.payload["occurrence"] for e in said) > 1, "something was open again"
    assert await logged.parked() == []
    await publish_all(logged, heard)
    for name in ("fulfilment", "receivable"):
        report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, name)
        assert report.equal, report.as_dict()
