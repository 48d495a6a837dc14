"""The customer service on a fresh database, with a small world of others' facts already heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
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


def refused(order: dict[str, Any], placement: int | None = None) -> Any:
    """Risk's no to an order."""
    payload = {
        "order_id": order["id"],
        "placement": placement or order["placement"],
        "reason": "limit_exceeded",
        "shortfall": 64,
    }
    return make_event("risk.credit.refused.v1", payload, order["stream_key"], subject=order["id"])


@dataclass
class World:
    """The service and shorthands for what most tests do first."""

    service: ServiceHarness

    async def account(self, **fields: Any) -> dict[str, Any]:
        """A new account."""
        body = {"kind": "organization", "name": "Blue Harbour", "owner_id": str(REP_1), "region": "CN-SH", **fields}
        answer = await self.service.post("/v1/accounts", body)
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
    for _ in range(1_000):
        if not await service.rows("SELECT id FROM job WHERE state IN ('queued', 'running')"):
            break
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
