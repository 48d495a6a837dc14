"""Indicators of one product line: by the lines of orders and returns, and by answers about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes, make_event
from services.customer.events_out.orders import LINE
from services.customer.events_out.returns import OrderReturned
from services.customer.events_out.surveys import SurveyAnswered
from services.risk.indicators.schemas import EXAMPLE
from tests.risk.conftest import Days, Order, account_created
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.indicators.watched import shown, watch

__all__ = ["logged"]
RETURNED_LINE = OrderReturned.EXAMPLE["returned_lines"][0]
Part = tuple[str | None, int, int | None]
"""Product line, net, and what was taken off."""


@pytest.fixture(autouse=True)
def today(days: Days) -> Days:
    days.on(date(2026, 2, 20))
    return days


def sold(order: Order, *parts: Part, on: str = "2026-02-14") -> Event:
    lines = [
        {**LINE, "line_no": number, "product_line": name, "net_base": net, "discount_base": discount}
        for number, (name, net, discount) in enumerate(parts, 1)
    ]
    return order.confirmed(on, lines=lines, net_base=sum(net for _name, net, _discount in parts))


def back(order: Order, *parts: tuple[str | None, int], on: str = "2026-02-16") -> Event:
    lines = [{**RETURNED_LINE, "product_line": name, "net_base": -net} for name, net in parts]
    whole = sum(net for _name, net in parts)
    return order.returned(whole, return_net_base=-whole, returned_lines=lines, return_date=on)


def answer(order: Order, score: int, name: str | None) -> Event:
    own = {"id": new_id(), "account_id": order.account_id, "stream_key": order.account_id, "score": score}
    payload = {**SurveyAnswered.EXAMPLE, **own, "product_line": name}
    return make_event(SurveyAnswered.TYPE, payload, order.account_id, subject=own["id"])


async def test_returns_and_discounts_of_a_product_line(service: ServiceHarness, today: Days) -> None:
    order, other = Order(new_id(), 10_000), Order(new_id(), 1_000)
    await service.deliver(account_created(order.account_id), account_created(other.account_id))
    bounds = {"amber": 200_000, "red": 400_000, "hysteresis": 0}
    returns = await watch(service, "return_rate", product_line="rock", **bounds)
    depth = await watch(service, "discount_depth", product_line="rock", **bounds)
    jazz = await watch(service, "return_rate", product_line="jazz", **bounds)
    assert await shown(service, returns) == (None, 0, "green")
    told = sold(order, ("rock", 3_000, 500), ("rock", 1_000, 500), ("jazz", 6_000, 0), (None, 9, 0))
    await service.deliver(told, told, sold(other, ("rock", 1_000, None)))
    assert await shown(service, returns) == (0, 2, "green")
    assert await shown(service, depth) == (200_000, 1, "amber"), "1,000 of 5,000; the other does not say"
    came = back(order, ("rock", 500), ("rock", 500), ("jazz", 6_000))
    await service.deliver(came, came)
    assert await shown(service, returns) == (200_000, 2, "amber")
    assert await shown(service, jazz) == (1_000_000, 1, "red")
    today.on(date(2026, 5, 16))
    assert (await shown(service, returns))[:2] == (None, 0), "the window has passed"


async def test_satisfaction_with_a_product_line(service: ServiceHarness) -> None:
    order = Order(new_id(), 1_000)
    await service.deliver(account_created(order.account_id))
    rock = await watch(service, "satisfaction", product_line="rock", amber=30, red=0, hysteresis=10)
    await service.deliver(*(answer(order, score, name) for score, name in ((10, "rock"), (3, "jazz"), (9, None))))
    assert await shown(service, rock) == (100, 1, "green")
    await service.deliver(answer(order, 2, "rock"))
    assert await shown(service, rock) == (0, 2, "red")
    found = (await service.get(f"{rock}")).json()
    assert found["product_line"] == "rock"
    listed = (await service.get("/v1/indicators?product_line=rock")).json()["items"]
    assert [one["id"] for one in listed] == [found["id"]]


async def test_of_which_measures_there_are_product_lines(service: ServiceHarness) -> None:
    for measure in ("overdue_ratio", "cancellation_rate", "churn_warnings"):
        refused = await service.post("/v1/indicators", {**EXAMPLE, "measure": measure, "product_line": "rock"})
        assert (refused.status_code, list(codes(refused.json()))) == (422, ["/product_line"]), measure
    both: dict[str, Any] = {**EXAMPLE, "measure": "return_rate", "product_line": "rock", "region": "CN-SH"}
    refused = await service.post("/v1/indicators", both)
    assert (refused.status_code, sorted(codes(refused.json()))) == (422, ["/product_line", "/region"])


async def test_a_rebuild_of_product_lines_says_the_same(logged: ServiceHarness) -> None:
    order = Order(new_id(), 9_000)
    events = [
        account_created(order.account_id),
        sold(order, ("rock", 3_000, 500), ("jazz", 6_000, 0)),
        back(order, ("rock", 500)),
        answer(order, 9, "jazz"),
    ]
    await publish_all(logged, [*events, events[1]])
    report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, "line_tally")
    assert report.equal, report.as_dict()
