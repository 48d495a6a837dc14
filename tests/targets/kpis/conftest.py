"""What the tests of KPIs need: orders, payments, visits and answers as customer tells of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from tests.targets.conftest import World


@dataclass
class Book:
    """The world, told of by customer, and asked for values."""

    world: World
    ids: dict[str, str] = field(default_factory=dict)

    async def hear(self, *events: Event) -> None:
        """Hand events to the service, and then what it said of orders."""
        service = self.world.service
        await service.deliver(*events)
        await service.deliver(*await service.published("targets.order.credited.v1"))

    def order(self, lines: list[dict[str, Any]], day: str, by: str = "a1", **more: Any) -> dict[str, Any]:
        """A confirmed order of some lines, all of which somebody sold."""
        account = str(more.pop("account_id", new_id()))
        order = self.world.order({by: 1_000_000}, [line["net_base"] for line in lines], day, account_id=account, **more)
        rows = [{"line_no": n, "product_line": "rock", "quantity": 1, **line} for n, line in enumerate(lines, 1)]
        return {**order, "lines": rows}

    def back(self, order: dict[str, Any], before: int, after: int, piece: int, day: str) -> Event:
        """Pieces of the first line come back."""
        event = self.world.returned(order, {1: (piece * before, piece * after)}, day)
        data = event.payload
        moved = {"returned_before": before, "returned_after": after, "gross_base": piece * (before - after)}
        data["returned_lines"][0] |= moved
        return replace(event, data=orjson.dumps(data))

    def paid(self, order: dict[str, Any], amount: int, day: str, kind: str = "received") -> Event:
        """Money for an order; voided and refunded take it back."""
        data = {
            **{"id": new_id(), "account_id": order["account_id"], "stream_key": order["stream_key"], "version": 1},
            **{"base_currency": "USD", "received_on": day, "allocations": [_allocated(order, amount)]},
            **{f"{kind}_on": day, "payment_id": new_id()},
        }
        return make_event(f"customer.payment.{kind}.v1", data, order["stream_key"])

    def fact(self, what: str, day: str, by: str = "a1", **more: Any) -> Event:
        """A visit, an answer or another thing of a day."""
        account = more.pop("account_id", None) or new_id()
        data = {
            **{"id": new_id(), "account_id": account, "stream_key": account, "business_date": day},
            **{"owner_id": self.world.members[by], **more},
        }
        return make_event(f"customer.{what}.v1", data, account, sequence=more.get("version", 1))

    def visit(self, day: str, **more: Any) -> Event:
        """A visit."""
        said = {"kind": "visit", "opportunity_id": None, "purpose": None, "outcome": "met"}
        return self.fact("activity.completed", day, **{**said, **more})

    def answer(self, kind: str, score: int, day: str = "2026-02-10", **more: Any) -> Event:
        """An answer to a survey."""
        return self.fact(
            "survey.answered", day, **{"kind": kind, "score": score, "order_id": None, "product_line": None, **more}
        )

    def closed(self, state: str, opened_on: str, closed_on: str, **more: Any) -> Event:
        """An opportunity that was won or lost."""
        said = {
            **{"state": state, "pipeline": "p", "stage": state, "previous_stage": None, "days_in_stage": None},
            **{"amount_base": 1000, "opened_on": opened_on, "closed_on": closed_on, "expected_close": None},
            **{"forecast_category": "commit", "lost_reason": None, "version": 2, **more},
        }
        return self.fact(f"opportunity.{state}", closed_on, **said)

    def stage(self, account: str, day: str, to_stage: str, sequence: int = 1) -> Event:
        """An account comes into a stage."""
        data = {
            **{"account_id": account, "owner_id": self.world.members["a1"], "from_stage": "new"},
            **{"to_stage": to_stage, "business_date": day},
        }
        return make_event("customer.lifecycle.changed.v1", data, account, subject=account, sequence=sequence)

    async def kpi(self, code: str) -> str:
        """The id of a KPI of the core."""
        if not self.ids:
            items = (await self.world.service.get("/v1/kpis?limit=200")).json()["items"]
            self.ids = {item["code"]: item["id"] for item in items}
        return self.ids[code]

    async def values(self, code: str, first: str, last: str, by: Any = None, **more: str) -> Any:
        """Values of a KPI that succeed."""
        query = "&".join(f"{name}={value}" for name, value in {"from": first, "to": last, **more}.items())
        answer = await self.world.service.get(f"/v1/kpis/{await self.kpi(code)}/values?{query}", headers=by)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def total(self, code: str, first: str, last: str, **more: Any) -> dict[str, Any]:
        """The value of all of a KPI."""
        found: dict[str, Any] = (await self.values(code, first, last, **more))["total"]
        return found


def _allocated(order: dict[str, Any], amount: int) -> dict[str, Any]:
    return {"order_id": order["id"], "amount_base": amount, "days_late": 0}


@pytest.fixture
async def book(world: World) -> Book:
    return Book(world)
