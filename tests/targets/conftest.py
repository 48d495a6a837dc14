"""The targets service on a fresh database, and builders of what tests need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from kit.events import outbox
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.ids import derived_id, new_id
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, Turns, make_event, shared_harness
from services.targets.credits.first_rule import LineAmount, ReturnedLine, reverse_lines, split_lines
from services.targets.credits.ledger import apply_credits
from services.targets.events_out import OrderCredited


@pytest.fixture(scope="module")
async def turns(postgres_server: TestServer) -> AsyncIterator[Turns]:
    """One service and one database for the tests of a file."""
    async with shared_harness(postgres_server, "targets") as turns:
        yield turns


@pytest.fixture
async def service(turns: Turns) -> AsyncIterator[ServiceHarness]:
    """The targets service on an empty database."""
    async with turns.turn() as harness:
        yield harness


@dataclass
class World:
    """company > north, south > team-a (north), team-b (south); manager of north, reps a1 a2 (team-a), b1 (team-b)."""

    service: ServiceHarness
    units: dict[str, str]
    members: dict[str, str]

    def order(
        self, credits: dict[str, int], amounts: list[int], day: str = "2026-02-14", **more: Any
    ) -> dict[str, Any]:
        """Payload of a confirmed order: credited member codes -> share, net base amount per line."""
        return {
            "id": str(new_id()),
            "stream_key": str(more.pop("stream_key", new_id())),
            "account_id": str(new_id()),
            "region": "CN-SH",
            "customer_type": "retail",
            "order_date": day,
            "base_currency": "USD",
            "credits": [{"member_id": self.members.get(code, code), "share": s} for code, s in credits.items()],
            "lines": [
                {"line_no": i, "product_line": ["rock", None][i % 2], "net_base": amount}
                for i, amount in enumerate(amounts, 1)
            ],
            "net_base": sum(amounts),
            "something_new": True,
            **more,
        }

    def confirmed(self, order: dict[str, Any]) -> Event:
        """The event of an order's confirmation."""
        return make_event("customer.order.confirmed.v1", order, order["stream_key"], sequence=3)

    def returned(self, order: dict[str, Any], steps: dict[int, tuple[int, int]], day: str = "2026-03-01") -> Event:
        """A return: line number -> net base amount returned before and after."""
        lines = [
            {"line_no": n, "returned_net_base_before": before, "returned_net_base_after": after}
            for n, (before, after) in steps.items()
        ]
        amount = sum(before - after for before, after in steps.values())
        data = {**order, "return_id": new_id(), "return_date": day, "returned_lines": lines, "return_net_base": amount}
        return make_event("customer.order.returned.v1", data, order["stream_key"], sequence=5)

    async def credited_before(self, event: Event, sequence: int = 1) -> None:
        """What a release that knew the first rule only made of an order's event: its fact names no rule."""
        order = event.payload
        places = {line["line_no"]: line["product_line"] for line in order["lines"]}
        shares = {credit["member_id"]: credit["share"] for credit in order["credits"]}
        if event.type.endswith("returned.v1"):
            kind, day, steps = "returned", order["return_date"], order["returned_lines"]
            ends = [tuple(step[f"returned_net_base_{end}"] for end in ("before", "after")) for step in steps]
            numbers = [ReturnedLine(step["line_no"], *end) for step, end in zip(steps, ends, strict=True)]
            parts = reverse_lines(numbers, list(shares.items()))
        else:
            kind, day = "confirmed", order["order_date"]
            nets = [LineAmount(line["line_no"], line["net_base"]) for line in order["lines"]]
            parts = split_lines(nets, list(shares.items()))
        same = {"region": order["region"], "customer_type": order["customer_type"], "unit_path": []}
        lines = [
            {"line_no": part.line, "member_id": part.member_id, "amount": part.amount, **same}
            | {"product_line": places[part.line]}
            for part in parts
        ]
        said = {
            **{name: order[name] for name in ("account_id", "stream_key", "order_date")},
            **{"order_id": order["id"], "kind": kind, "posting_date": day, "currency": order["base_currency"]},
            **{"amount": sum(part.amount for part in parts), "shares": shares, "lines": lines},
            "source_event_id": event.id,
        }
        fact = make_event(OrderCredited.TYPE, said, event.key, subject=order["id"], sequence=sequence)
        async with self.service.transaction() as tx:
            await outbox.add(tx, "targets", [fact])
            await apply_credits(tx, [Fact(fact, OrderCredited.model_validate(fact.payload))])

    async def sell(self, *lines: str) -> None:
        """Channels has told of a product of each line."""
        products = [
            {"id": new_id(), "sku": line, "product_line": line, "is_active": True, "version": 1} for line in lines
        ]
        await self.service.deliver(*(make_event("channels.product.changed.v1", one, one["id"]) for one in products))

    async def lines(self) -> list[dict[str, Any]]:
        """The credit ledger, oldest first."""
        return await self.service.rows("SELECT * FROM credit_line ORDER BY recorded_at, order_id, sequence, ordinal")

    async def attainment(self, headers: dict[str, str] | None = None, **params: str) -> dict[str, Any]:
        """A GET /v1/attainment that succeeds."""
        query = "&".join(f"{name}={value}" for name, value in params.items())
        answer = await self.service.get(f"/v1/attainment?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
async def world(service: ServiceHarness) -> World:
    return await make_world(service)


async def make_world(service: ServiceHarness) -> World:
    """Units and members through the API."""
    units: dict[str, str] = {}
    for code, kind, parent in (
        ("company", "company", None),
        ("north", "region", "company"),
        ("south", "region", "company"),
        ("team-a", "team", "north"),
        ("team-b", "team", "south"),
    ):
        body = {"code": code, "name": code.title(), "kind": kind, "parent_id": units.get(parent or "")}
        answer = await service.post("/v1/units", body)
        assert answer.status_code == 201, answer.text
        units[code] = answer.json()["id"]
    members: dict[str, str] = {}
    for code, role, unit in (
        ("manager-north", "sales_manager", "north"),
        ("a1", "sales_rep", "team-a"),
        ("a2", "sales_rep", "team-a"),
        ("b1", "sales_rep", "team-b"),
    ):
        body = {"code": code, "subject": code, "role": role, "unit_id": units[unit], "valid_from": "2026-01-01"}
        answer = await service.post("/v1/members", body)
        assert answer.status_code == 201, answer.text
        members[code] = answer.json()["id"]
    return World(service, units, members)


def ids(*values: object) -> list[UUID]:
    """UUIDs of texts."""
    return [UUID(str(value)) for value in values]


def told_of(account: UUID, order_id: str, owner_id: str) -> list[tuple[str, dict[str, Any]]]:
    """What else customer tells of an account, by type: payments, a visit, an opportunity, an answer, a stage."""
    same = {"account_id": account, "stream_key": account, "owner_id": owner_id, "business_date": "2026-02-20"}
    paid = {**same, "id": derived_id(account, "payment"), "base_currency": "USD", "received_on": "2026-02-20"}
    paid |= {"allocations": [{"order_id": order_id, "amount_base": 700}], "allocated_on": "2026-02-21"}
    opened = {**same, "id": derived_id(account, "deal"), "pipeline": "p", "previous_stage": None, "days_in_stage": None}
    opened |= {"amount_base": 900, "opened_on": "2026-02-01", "expected_close": None, "forecast_category": "commit"}
    opened |= {"lost_reason": None, "state": "open", "stage": "offer", "closed_on": None}
    visit = {"kind": "visit", "opportunity_id": None, "purpose": None, "outcome": "met"}
    answer = {"kind": "nps", "score": 9, "order_id": order_id, "product_line": None}
    known = {**same, "id": account, "region": "CN-SH", "customer_type": "existing", "is_archived": False}
    lead = {**same, "id": derived_id(account, "lead"), "state": "new", "source": None}
    case = {**same, "id": derived_id(account, "case"), "kind": "complaint", "severity": "high", "state": "received"}
    case |= {"days_open": 0}
    said = [
        ("account.created", known, 1),
        ("account.updated", known | {"region": "CN-BJ"}, 2),
        ("payment.received", paid, 1),
        ("payment.allocated", paid, 2),
        ("payment.refunded", paid | {"payment_id": paid["id"], "refunded_on": "2026-02-22"}, 3),
        ("payment.voided", paid | {"voided_on": "2026-02-23"}, 4),
        ("opportunity.opened", opened, 1),
        ("opportunity.won", opened | {"state": "won", "stage": "won", "closed_on": "2026-02-20"}, 2),
        ("activity.completed", same | {"id": derived_id(account, "visit")} | visit, 1),
        ("survey.answered", same | {"id": derived_id(account, "answer")} | answer, 1),
        ("lifecycle.changed", same | {"from_stage": "new", "to_stage": "active"}, 3),
        ("lead.created", lead, 1),
        ("lead.disqualified", lead | {"state": "disqualified"}, 2),
        ("case.opened", case, 1),
        ("case.state_changed", case | {"state": "acknowledged", "previous_state": "received"}, 2),
        ("case.state_changed", case | {"state": "responded", "previous_state": "investigating"}, 3),
        ("case.sla_breached", case | {"state": "responded"}, 4),
        ("case.closed", case | {"state": "closed", "days_open": 4}, 5),
        ("case.state_changed", case | {"state": "investigating", "previous_state": "closed", "days_open": 5}, 6),
        ("case.closed", case | {"state": "closed", "days_open": 9}, 7),
    ]
    return [(what, data | {"version": version}) for what, data, version in said]
