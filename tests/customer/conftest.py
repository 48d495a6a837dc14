"""The customer service on a fresh database, with a small world of others' facts already heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.handlers import topic_of_type
from kit.events.relay import Relay
from kit.ids import derived_id
from kit.jobs.jobs import JobRunner
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, Turns, make_event, shared_harness
from services.customer.worker import jobs_of

UNITS = [derived_id("unit", number) for number in range(4)]
REP_1, REP_2, OTHER_REP, MANAGER = (derived_id("member", number) for number in range(4))
LIMIT = 108350
UNCHECKED = {"X_Skip_Duplicate_Check": "true"}
"""Header with which an account is added though it is like another one."""
PARTNER, SUSPENDED = derived_id("partner", 1), derived_id("partner", 2)


def member(member_id: UUID, subject: str, path: list[UUID], **changes: Any) -> dict[str, Any]:
    """Payload of a member event."""
    return {
        "id": member_id,
        "code": subject,
        "subject": subject,
        "role": "sales_rep",
        "memberships": [{"unit_id": path[-1], "path": path, "valid_from": "2020-01-01", "valid_to": None}],
        "version": 1,
        "changed": [],
        **changes,
    }


def product(sku: str, line: str, version: int = 1, is_active: bool = True) -> dict[str, Any]:
    """Payload of a product event."""
    return {
        "id": derived_id("product", sku),
        "sku": sku,
        "name": sku,
        "product_line": line,
        "is_active": is_active,
        "version": version,
        "changed": [],
    }


def partner(partner_id: UUID, state: str, version: int = 1) -> dict[str, Any]:
    """Payload of a partner event."""
    return {"id": partner_id, "code": f"P-{str(partner_id)[:8]}", "state": state, "version": version, "name": "x"}


def reserved(order: dict[str, Any], placement: int | None = None, decision: str = "automatic") -> Any:
    """Risk's yes to an order."""
    payload = {"order_id": order["id"], "placement": placement or order["placement"], "decision": decision}
    return make_event("risk.credit.reserved.v1", payload, order["stream_key"], subject=order["id"])


def refused(order: dict[str, Any], placement: int | None = None, **more: Any) -> Any:
    """Risk's no to an order."""
    payload = {
        "order_id": order["id"],
        "placement": placement or order["placement"],
        "reason": "limit_exceeded",
        "shortfall": 64,
        **more,
    }
    return make_event("risk.credit.refused.v1", payload, order["stream_key"], subject=order["id"])


@dataclass
class World:
    """The service and shorthands for what most tests do first."""

    service: ServiceHarness

    async def account(self, **fields: Any) -> dict[str, Any]:
        """A new account, though it may be like another one."""
        body = {"kind": "organization", "name": "Blue Harbour", "owner_id": str(REP_1), "region": "CN-SH", **fields}
        answer = await self.service.post("/v1/accounts", body, headers=self.service.headers(**UNCHECKED))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def order_body(self, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """An order of two lines in CNY, 60/40."""
        return {
            **({"account_id": account["id"]} if account else {}),
            "currency": "CNY",
            "partner_id": str(PARTNER),
            "order_date": "2026-02-14",
            "lines": [
                {"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000, "discount": 1, "tax_rate": 130000},
                {"sku": "CD-JAZZ", "quantity": 2, "unit_price": 777, "tax_rate": 60000},
            ],
            "credits": [{"member_id": str(REP_1), "share": 600000}, {"member_id": str(REP_2), "share": 400000}],
            **fields,
        }

    async def draft(self, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A draft order."""
        body = self.order_body(account or await self.account(), **fields)
        answer = await self.service.post("/v1/orders", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def placed(self, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """A placed order."""
        order = await self.draft(account, **fields)
        answer = await self.service.post(f"/v1/orders/{order['id']}/place")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def confirmed(self, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """An order with reserved credit."""
        order = await self.placed(account, **fields)
        await self.service.deliver(reserved(order))
        return await self.order(order["id"])

    async def order(self, order_id: str) -> dict[str, Any]:
        """The order as it stands."""
        answer = await self.service.get(f"/v1/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
async def turns(postgres_server: TestServer) -> AsyncIterator[Turns]:
    """One service and one database for the tests of a file."""
    async with shared_harness(postgres_server, "customer") as turns:
        yield turns


@pytest.fixture
async def service(turns: Turns) -> AsyncIterator[ServiceHarness]:
    """The customer service on an empty database."""
    async with turns.turn() as harness:
        yield harness


@pytest.fixture
async def world(service: ServiceHarness) -> World:
    """Members, partners, products and an exchange rate are known."""
    company, north, south, team = UNITS
    members = [
        make_event("targets.member.joined.v1", member(who, subject, path), "organisation")
        for who, subject, path in (
            (REP_1, "rep-1", [company, north, team]),
            (REP_2, "rep-2", [company, north, team]),
            (OTHER_REP, "rep-3", [company, south]),
            (MANAGER, "manager-north", [company, north]),
        )
    ]
    await service.deliver(
        *members,
        make_event("channels.partner.activated.v1", partner(PARTNER, "active", 2), PARTNER),
        make_event("channels.partner.suspended.v1", partner(SUSPENDED, "suspended", 3), SUSPENDED),
        make_event("channels.product.changed.v1", product("CD-ROCK", "rock"), "CD-ROCK"),
        make_event("channels.product.changed.v1", product("CD-JAZZ", "jazz"), "CD-JAZZ"),
        make_event("channels.product.changed.v1", product("CD-OLD", "rock", is_active=False), "CD-OLD"),
    )
    assert await service.parked() == []
    answer = await service.post("/v1/exchange-rates", {"currency": "CNY", "rate": "0.137", "valid_from": "2026-01-01"})
    assert answer.status_code == 201, answer.text
    async with service.runtime.db.transaction() as tx:
        await tx.execute("DELETE FROM outbox")  # tests count what is said after it
    return World(service)


@asynccontextmanager
async def logged(service: ServiceHarness) -> AsyncIterator[None]:
    """The service with a log that the topics it reads and writes live in."""
    await service.runtime.bus.start()
    topics = [topic_of(name) for name in ("customer", "risk", "targets", "channels")]
    await service.runtime.bus.ensure_topics(topics)
    try:
        yield
    finally:
        await service.runtime.bus.stop()


async def work_off(service: ServiceHarness) -> list[dict[str, Any]]:
    """Let a worker do the jobs that are queued; returns all jobs, the oldest first."""
    stop = asyncio.Event()
    runner = JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.02, retry_delay=0.01)
    task = asyncio.create_task(runner.run(stop))
    deadline = time.monotonic() + 180
    while left := await service.rows("SELECT kind, state, error FROM job WHERE state IN ('queued', 'running')"):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.02)
    stop.set()
    await task
    return await service.rows("SELECT * FROM job ORDER BY id")


async def hear(service: ServiceHarness, *events: Event) -> None:
    """Put events into the log and hand them to the service."""
    for event in events:
        message = Message(key=event.key, value=event.data, headers=tuple(to_headers(event)))
        await service.runtime.bus.publish(topic_of_type(event.type), [message])
    await service.deliver(*events)


async def send_outbox(service: ServiceHarness) -> None:
    """Send everything announced so far to the log."""
    connection = await service.runtime.db.connect()
    try:
        while await Relay(service.runtime.db, service.runtime.bus).drain_once(connection):
            continue
    finally:
        await connection.close()


@pytest.fixture(scope="module")
async def risks(postgres_server: TestServer) -> AsyncIterator[Turns]:
    async with shared_harness(postgres_server, "risk") as turns:
        yield turns


@pytest.fixture
async def risk(risks: Turns) -> AsyncIterator[ServiceHarness]:
    async with risks.turn() as harness:
        yield harness


@dataclass
class Both:
    """customer and risk, each with what it has heard of the other."""

    world: World
    risk: ServiceHarness
    heard: set[UUID] = field(default_factory=set)
    account: dict[str, Any] = field(default_factory=dict)

    async def settle(self) -> None:
        """Let both hear each other until neither has anything to say."""
        customer = self.world.service
        while True:
            said = [event for event in await customer.published() if event.id not in self.heard]
            answered = [event for event in await self.risk.published() if event.id not in self.heard]
            if not said and not answered:
                break
            self.heard |= {event.id for event in (*said, *answered)}
            await self.risk.deliver(*said)
            await customer.deliver(*answered)
        assert await customer.parked() == await self.risk.parked() == []

    async def ordered(self, lines: list[dict[str, Any]], currency: str = "EUR") -> dict[str, Any]:
        """An order that risk has answered."""
        order = await self.world.placed(self.account, lines=lines, currency=currency, credits=[])
        await self.settle()
        return await self.world.order(order["id"])

    async def take_back(self, order: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
        """The return of so many pieces of each line."""
        body = {"lines": [{"line_no": line["line_no"], "quantity": quantity} for line in order["lines"]]}
        return await self.made(f"/v1/orders/{order['id']}/returns", body)

    async def pay(self, order: dict[str, Any], amount: int) -> dict[str, Any]:
        parts = [{"order_id": order["id"], "amount": amount}]
        body = {"account_id": order["account_id"], "currency": order["currency"], "amount": amount, "method": "card"}
        return await self.made("/v1/payments", {**body, "allocations": parts})

    async def refund(self, payment: dict[str, Any], amount: int) -> dict[str, Any]:
        parts = [{"order_id": payment["allocations"][0]["order_id"], "amount": amount}]
        return await self.made(f"/v1/payments/{payment['id']}/refunds", {"amount": amount, "allocations": parts})

    async def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.world.service.post(path, body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def owed(self) -> tuple[int, int]:
        """Exposure of the account, and what its receivables have open."""
        await self.settle()
        balance = (await self.risk.get(f"/v1/exposures/{self.account['id']}")).json()["balance"]
        rows = await self.risk.rows("SELECT coalesce(sum(open), 0)::bigint AS open FROM receivable")
        return balance, rows[0]["open"]


@pytest.fixture
async def both(world: World, risk: ServiceHarness) -> Both:
    """An account with a limit, and rates of three currencies."""
    for currency, rate in (("EUR", "1.0835"), ("SEK", "0.005")):
        await _put_rate(world, currency, rate)
    await world.service.deliver(make_event("channels.product.changed.v1", product("P", "pop"), "P"))
    both = Both(world, risk, account=await world.account())
    await both.settle()
    body = {"credit_limit": LIMIT, "reason": "test"}
    answer = await risk.patch(f"/v1/credit-profiles/{both.account['id']}", body, 1)
    assert answer.status_code == 200, answer.text
    return both


async def _put_rate(world: World, currency: str, rate: str) -> None:
    body = {"currency": currency, "rate": rate, "valid_from": "2026-01-01"}
    assert (await world.service.post("/v1/exchange-rates", body)).status_code == 201


def lines(count: int, unit_price: int, tax_rate: int = 0, quantity: int = 2) -> list[dict[str, Any]]:
    return [{"sku": "P", "quantity": quantity, "unit_price": unit_price, "tax_rate": tax_rate}] * count
