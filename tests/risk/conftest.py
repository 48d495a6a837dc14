"""The risk service on a database of its own, and the events it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, Turns, make_event, shared_harness
from services.channels.events_out.partners import PartnerActivated
from services.customer import events_out as customer
from services.risk.holds.dues import HOLDS_DUE
from services.risk.indicators.evaluations import MARKS_DUE
from services.risk.reports.dues import SNAPSHOTS_DUE
from services.risk.scorecards.dues import NIGHTS_DUE, SCORES_DUE
from services.risk.worker import DUES
from services.targets.events_out.members import MemberJoined


@pytest.fixture(scope="module")
async def turns(postgres_server: TestServer) -> AsyncIterator[Turns]:
    """One service and one database for the tests of a file."""
    async with shared_harness(postgres_server, "risk", pool_writers=12) as turns:
        yield turns


@pytest.fixture
async def service(turns: Turns) -> AsyncIterator[ServiceHarness]:
    """The risk service on an empty database."""
    async with turns.turn() as harness:
        yield harness


class Days:
    """The company's clock, which stands where the test puts it; tokens go by the real one."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def on(self, day: date, hour: int = 12) -> None:
        """Some hours into a business day."""
        self.moment = datetime.combine(day, time(hour), ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    made = Days()
    monkeypatch.setattr("kit.testing.service.clock", SimpleNamespace(now=clock.now))
    monkeypatch.setattr(clock, "now", made)
    return made


async def turn(service: ServiceHarness) -> int:
    """Work what is due now, but the sweeps of holds and scores, the nights of scores and snapshots, and marks of
    indicators; how many rows that were. Nothing may fail."""
    left = (HOLDS_DUE, NIGHTS_DUE, SCORES_DUE, SNAPSHOTS_DUE, MARKS_DUE)
    dues = [due for due in DUES if due not in left]
    worked = await DueLoop(service.runtime, dues).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


@dataclass
class Order:
    """An order whose events customer would send."""

    account_id: UUID
    gross: int
    id: UUID = field(default_factory=new_id)
    placement: int = 1

    def event(self, kind: type[Any], **changes: Any) -> Event:
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "account_id": self.account_id,
            "stream_key": self.account_id,
            "placement": self.placement,
            "gross_base": self.gross,
            **changes,
        }
        return make_event(kind.TYPE, payload, self.account_id, subject=self.id)

    def placed(self, placement: int = 1, **changes: Any) -> Event:
        self.placement = placement
        return self.event(customer.OrderPlaced, **changes)

    def cancelled(self) -> Event:
        return self.event(customer.OrderCancelled, state="cancelled")

    def held(self, check: str | None = "terms", **changes: Any) -> Event:
        return self.event(customer.OrderHeld, state="on_hold", check=check, **changes)

    def confirmed(self, on: str = "2026-02-14", terms: int = 30, **changes: Any) -> Event:
        dates = {"order_date": on, "payment_terms_days": terms, "due_on": None}
        return self.event(customer.OrderConfirmed, state="confirmed", **{**dates, **changes})

    def returned(self, gross: int, **changes: Any) -> Event:
        given = {"settled_base": None, **changes}
        return self.event(customer.OrderReturned, return_id=new_id(), return_gross_base=-gross, **given)


def account_created(account_id: UUID, owner_id: UUID | None = None) -> Event:
    payload = {**customer.AccountCreated.EXAMPLE, "id": account_id, "stream_key": account_id, "owner_id": owner_id}
    return make_event(customer.AccountCreated.TYPE, payload, account_id)


def seller(member_id: UUID, subject: str) -> Event:
    """A member who sees what they own."""
    membership = {"path": [new_id()], "valid_from": "2020-01-01", "valid_to": None}
    payload = {**MemberJoined.EXAMPLE, "id": member_id, "subject": subject, "memberships": [membership]}
    return make_event(MemberJoined.TYPE, payload, member_id)


def partner_activated(partner_id: UUID, owner_id: UUID | None = None, version: int = 2) -> Event:
    payload = {**PartnerActivated.EXAMPLE, "id": partner_id, "owner_id": owner_id, "version": version}
    return make_event(PartnerActivated.TYPE, payload, partner_id)


def payment(account_id: UUID, *allocations: tuple[Order, int], refund: bool = False, **changes: Any) -> Event:
    kind: Any = customer.PaymentRefunded if refund else customer.PaymentReceived
    return money(kind, account_id, *allocations, **changes)


def money(kind: type[Any], account_id: UUID, *allocations: tuple[Order, int], **changes: Any) -> Event:
    """An event of a payment of its own, unless `changes` name another."""
    payload = {
        **kind.EXAMPLE,
        "id": new_id(),
        "account_id": account_id,
        "stream_key": account_id,
        "allocations": [{"order_id": o.id, "amount": amount, "amount_base": amount} for o, amount in allocations],
        **changes,
    }
    return make_event(kind.TYPE, payload, account_id)


STEPS: dict[str, Any] = {
    "received": customer.PaymentReceived,
    "allocated": customer.PaymentAllocated,
    "refunded": customer.PaymentRefunded,
    "voided": customer.PaymentVoided,
}


@dataclass
class Payment:
    """A payment whose events customer would send; `left` is what is on account, in base currency, perhaps of an order
    that it `waits_for`."""

    account_id: UUID
    left: int
    id: UUID = field(default_factory=new_id)
    waits_for: Order | None = None
    currency: str = "CNY"
    version: int = 0

    def event(self, step: str, *parts: tuple[Order, int], left: int, day: str = "2026-02-20") -> Event:
        self.left, self.version = left, self.version + 1
        kind = STEPS[step]
        dates = dict.fromkeys(("received_on", "allocated_on", "refunded_on", "voided_on", "business_date"), day)
        given: dict[str, Any] = {name: value for name, value in dates.items() if name in kind.model_fields}
        given |= {"payment_id" if step == "refunded" else "id": self.id, "version": self.version}
        if step != "refunded":
            given |= {"for_order_id": self.waits_for.id if self.waits_for else None}
        return money(kind, self.account_id, *parts, unallocated_base=left, currency=self.currency, **given)

    def received(self, *parts: tuple[Order, int]) -> Event:
        return self.event("received", *parts, left=self.left)

    def allocated(self, *parts: tuple[Order, int], left: int) -> Event:
        return self.event("allocated", *parts, left=left, day="2026-02-25")

    def refunded(self, *parts: tuple[Order, int], left: int) -> Event:
        return self.event("refunded", *parts, left=left, day="2026-02-26")

    def voided(self, *parts: tuple[Order, int]) -> Event:
        return self.event("voided", *parts, left=0, day="2026-02-27")


async def open_account(service: ServiceHarness, limit: int, owner_id: UUID | None = None) -> UUID:
    """An account with a limit."""
    account_id = new_id()
    await service.deliver(account_created(account_id, owner_id))
    answer = await service.patch(f"/v1/credit-profiles/{account_id}", {"credit_limit": limit, "reason": "test"}, 1)
    assert answer.status_code == 200, answer.text
    return account_id


async def balance(service: ServiceHarness, account_id: UUID) -> int:
    answer = await service.get(f"/v1/exposures/{account_id}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["balance"])


FORWARD: dict[str, Any] = {
    "kind": "forward",
    "body": {"horizon_days": 90, "commit": 900000, "best_case": 500000, "pipeline": 150000, "omitted": 0},
    "reason": "The pipeline closed less",
}


async def draft_policy(service: ServiceHarness, by: str = "author", **changes: Any) -> dict[str, Any]:
    """The draft of a policy by an officer."""
    headers = service.headers(by, "risk_officer")
    answer = await service.post("/v1/risk-policies", {**FORWARD, **changes}, headers=headers)
    assert answer.status_code == 201, answer.text
    drafted: dict[str, Any] = answer.json()
    return drafted
