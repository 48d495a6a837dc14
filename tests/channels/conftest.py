"""The channels service on a database of its own, and the events it hears."""

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
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, Turns, make_event, shared_harness
from services.customer import events_out as customer

TIERS = [{"start": 0, "rate": 10_000}, {"start": 10_000, "rate": 20_000}, {"start": 50_000, "rate": 35_000}]


@pytest.fixture(scope="module")
async def turns(postgres_server: TestServer) -> AsyncIterator[Turns]:
    """One service and one database for the tests of a file."""
    async with shared_harness(postgres_server, "channels", pool_writers=12) as turns:
        yield turns


@pytest.fixture
async def service(turns: Turns) -> AsyncIterator[ServiceHarness]:
    """The channels service on an empty database."""
    async with turns.turn() as harness:
        yield harness


class Days:
    """The company's clock, which stands where the test puts it; tokens go by the real one."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def on(self, day: str, hour: int = 12) -> None:
        """Some hours into a business day."""
        self.moment = datetime.combine(date.fromisoformat(day), time(hour), ZoneInfo("Asia/Shanghai")).astimezone(UTC)


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    made = Days()
    monkeypatch.setattr("kit.testing.service.clock", SimpleNamespace(now=clock.now))
    monkeypatch.setattr(clock, "now", made)
    return made


@dataclass
class Order:
    """An order whose events customer would send: lines of (product line, net)."""

    partner_id: UUID | None
    lines: list[tuple[str | None, int]]
    order_date: date = date(2026, 2, 14)
    id: UUID = field(default_factory=new_id)
    key: UUID = field(default_factory=new_id)

    def _event(self, kind: type[Any], **changes: Any) -> Event:
        line = customer.OrderPlaced.EXAMPLE["lines"][0]
        payload = {
            **kind.EXAMPLE,
            "id": self.id,
            "account_id": self.key,
            "stream_key": self.key,
            "partner_id": self.partner_id,
            "order_date": self.order_date,
            "lines": [
                {**line, "line_no": number, "product_line": name, "net_base": net}
                for number, (name, net) in enumerate(self.lines, start=1)
            ],
            **changes,
        }
        return make_event(kind.TYPE, payload, self.key, subject=self.id)

    def confirmed(self) -> Event:
        return self._event(customer.OrderConfirmed)

    def fulfilled(self) -> Event:
        return self._event(customer.OrderFulfilled, version=6)

    def returned(self, *lines: tuple[str | None, int], on: date = date(2026, 5, 1)) -> Event:
        line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
        back = [{**line, "product_line": name, "net_base": -net} for name, net in lines]
        return self._event(customer.OrderReturned, return_id=new_id(), return_date=on, returned_lines=back)


def programme(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Volume",
        "kind": "marginal",
        "tiers": TIERS,
        "period": "quarter",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        **changes,
    }


async def publish(service: ServiceHarness, **changes: Any) -> UUID:
    """A published programme."""
    drafted = await service.post("/v1/rebate-programmes", programme(**changes))
    assert drafted.status_code == 201, drafted.text
    answer = await service.post(f"/v1/rebate-programmes/{drafted.json()['id']}/publish")
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"])


async def partner(service: ServiceHarness, code: str = "P-1") -> UUID:
    """An active partner."""
    body = {"code": code, "name": "Harbour", "kind": "reseller", "regions": ["CN-SH"]}
    answer = await service.post("/v1/partners", body)
    assert answer.status_code == 201, answer.text
    assert (await service.post(f"/v1/partners/{answer.json()['id']}/activate")).status_code == 200
    return UUID(answer.json()["id"])
