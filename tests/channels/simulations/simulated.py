"""Simulations that tests ask for, and orders of which parts come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.customer import events_out as customer
from tests.channels.conftest import Order, programme
from tests.channels.statements.stated import work_off

PATH = "/v1/rebate-simulations"
Row = dict[str, Any]
PLANS: dict[str, Row] = {
    "marginal": {},
    "retroactive": {"period": "month", "product_lines": ["rock"]},
    "flat": {"period": "year", "tiers": [{"start": 0, "rate": 17_777}]},
    "lump": {"period": "month", "tiers": [{"start": 0, "amount": 0}, {"start": 9_000, "amount": 333}]},
    "growth": {"period": "year", "tiers": [{"start": 50_000, "rate": 12_345}], "basis": "growth"},
    "mix": {"focus_lines": ["rock"], "tiers": [{"start": 300_000, "rate": 9_999}]},
}
"""A plan of each kind, by kind; growth is over what the year before gave."""


@dataclass
class Sold:
    """An order whose lines (product line, net) come back by and by, as customer would tell it."""

    order: Order
    back: dict[int, tuple[int, int]] = field(default_factory=dict)
    version: int = 5

    def returned(self, line_no: int, net: int, on: date = date(2026, 6, 1)) -> Event:
        """So much of a line comes back."""
        line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
        times, came_back = self.back.get(line_no, (0, 0))
        times, came_back = self.back[line_no] = times + 1, came_back + net
        self.version += 1
        one = {
            **line,
            "line_no": line_no,
            "product_line": self.order.lines[line_no - 1][0],
            "net_base": -net,
            "returned_after": times,
            "returned_net_base_after": came_back,
        }
        changes = {"return_id": new_id(), "return_date": on, "returned_lines": [one], "version": self.version}
        return self.order._event(customer.OrderReturned, **changes)


def plan(kind: str, *partner_ids: UUID) -> Row:
    """The terms of a plan, for some partners."""
    body = programme(kind=kind, **PLANS[kind], partner_ids=[str(one) for one in partner_ids])
    del body["name"]
    return body


async def start(service: ServiceHarness, body: Row) -> str:
    """Ask for a simulation; its id."""
    answer = await service.post(PATH, body)
    assert answer.status_code == 202, answer.text
    found: Row = answer.json()
    assert (found["state"], found["amount"]) == ("calculating", None)
    assert answer.headers["location"] == f"{PATH}/{found['id']}"
    return str(found["id"])


async def simulated(service: ServiceHarness, body: Row) -> tuple[Row, list[Row]]:
    """A simulation that has been calculated, and its results."""
    made = await start(service, body)
    await work_off(service)
    found = (await service.get(f"{PATH}/{made}")).json()
    assert found["state"] == "calculated"
    results = (await service.get(f"{PATH}/{made}/results")).json()["items"]
    return found, results


async def a_simulation(service: ServiceHarness) -> str:
    """Path of one."""
    found, _results = await simulated(service, plan("flat"))
    return f"{PATH}/{found['id']}"
