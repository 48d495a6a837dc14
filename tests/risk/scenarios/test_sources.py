"""Estimates from what was lost with customers and cases."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.customer.events_out.cases import CaseClosed, CaseOpened, CaseStateChanged
from services.customer.events_out.lifecycle import LifecycleChanged
from tests.risk.conftest import Order, account_created
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scenarios.test_router import estimated
from tests.risk.studies.runs import scenario

LEFT_ON = "2024-06-30"


def case(kind: type[Any], case_id: UUID, account_id: UUID, version: int, cost: int | None, **changes: Any) -> Event:
    remedy = None if cost is None else {"kind": "refund", "cost_base": cost}
    own = {"id": case_id, "account_id": account_id, "stream_key": account_id, "version": version, "remedy": remedy}
    payload = {**kind.EXAMPLE, **own, "opened_on": "2024-03-01", **changes}
    return make_event(kind.TYPE, payload, account_id, subject=case_id)


def stage(account_id: UUID, day: str, to_stage: str = "churned", **changes: Any) -> Event:
    own = {"account_id": account_id, "stream_key": account_id, "to_stage": to_stage, "business_date": day}
    return make_event(LifecycleChanged.TYPE, {**LifecycleChanged.EXAMPLE, **own, **changes}, account_id)


async def sold(service: ServiceHarness, account_id: UUID, day: str, net: int) -> Order:
    order = Order(account_id, net)
    await service.deliver(order.confirmed(day, net_base=net))
    return order


async def lost(service: ServiceHarness, source: str, **changes: Any) -> tuple[int, int]:
    """(losses, total) of an estimate from them."""
    found = (await estimated(service, await scenario(service), source=source, **changes))["estimate"]
    return found["losses"], found["total"]


async def test_what_remedies_cost(service: ServiceHarness) -> None:
    """The latest version of a case says what it cost, on the day it was opened, whatever comes late or again."""
    account, first, second = new_id(), new_id(), new_id()
    await service.deliver(account_created(account))
    closed = case(CaseClosed, first, account, 4, 700)
    await service.deliver(
        case(CaseOpened, first, account, 1, None), case(CaseStateChanged, first, account, 3, 900), closed
    )
    await service.deliver(case(CaseStateChanged, first, account, 2, 100), closed)
    assert await lost(service, "remedy_cost") == (1, 700)
    await service.deliver(case(CaseClosed, second, account, 2, 50, opened_on="2022-12-31"))
    assert await lost(service, "remedy_cost") == (1, 700)
    assert await lost(service, "remedy_cost", **{"from": "2022-12-31"}) == (2, 750)
    assert await lost(service, "remedy_cost", filter={"account_id": str(new_id())}) == (0, 0)
    assert await lost(service, "remedy_cost", filter={"account_id": str(account)}) == (1, 700)
    await service.deliver(case(CaseClosed, first, account, 5, None))
    assert await lost(service, "remedy_cost") == (0, 0)


async def test_a_year_of_sales_to_those_who_left(service: ServiceHarness) -> None:
    """Of the 365 days that end with the last order before, less what came back; a customer who buys nothing for long
    before leaving is not lost for nothing."""
    account, other = new_id(), new_id()
    await service.deliver(account_created(account), account_created(other))
    await sold(service, account, "2022-12-01", 7)
    await sold(service, account, "2022-12-02", 100)
    last = await sold(service, account, "2023-12-01", 1000)
    await service.deliver(last.returned(200, return_net_base=-200, return_date="2024-01-15"))
    await sold(service, account, "2024-07-01", 50)
    await sold(service, other, "2023-12-01", 9)
    left = stage(account, LEFT_ON)
    await service.deliver(left, left, stage(other, LEFT_ON, "at_risk"))
    assert await lost(service, "churned_revenue") == (1, 900)
    assert await lost(service, "churned_revenue", to="2024-06-29") == (0, 0)
    assert await lost(service, "churned_revenue", filter={"account_id": str(other)}) == (0, 0)
    await service.deliver(stage(account, "2024-08-01", "won_back"), stage(account, "2025-08-01"))
    assert await lost(service, "churned_revenue") == (2, 900 + 850)


async def test_customers_that_are_one_left_once(service: ServiceHarness) -> None:
    root, merged = new_id(), new_id()
    await service.deliver(account_created(root), account_created(merged))
    await sold(service, root, "2024-01-01", 300)
    await sold(service, merged, "2024-01-02", 40)
    await service.deliver(stage(root, LEFT_ON), stage(merged, LEFT_ON))
    assert await lost(service, "churned_revenue") == (2, 340)
    await service.deliver(*redirect(root, merged, new_id()))
    assert await lost(service, "churned_revenue") == (1, 340)
    assert await lost(service, "churned_revenue", filter={"account_id": str(merged)}) == (1, 340)


async def test_ten_customers_who_left_make_an_estimate(service: ServiceHarness) -> None:
    for number in range(10):
        account, day = new_id(), date(2024, 1, 1) + timedelta(20 * number)
        await service.deliver(account_created(account))
        await sold(service, account, "2023-12-01", 1000 * (number + 1))
        await service.deliver(stage(account, str(day)))
    found = await estimated(service, await scenario(service), source="churned_revenue")
    assert (found["origin"], found["estimate"]["source"]) == ("estimated", "churned_revenue")
    assert (found["estimate"]["losses"], found["estimate"]["insufficient_data"]) == (10, False)
