"""Indicators on real facts: values, levels, alerts said once, risks set back once."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.events.bus import Message
from kit.events.envelope import to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness, codes
from services.risk.indicators.evaluations import INDICATORS_DUE, MARKS_DUE
from services.risk.indicators.schemas import EXAMPLE
from tests.risk.conftest import Days, Order, account_created, partner_activated, payment, seller
from tests.risk.indicators.watched import (
    alerts,
    answer,
    case,
    conflict,
    evaluate,
    floor,
    pace,
    said,
    shown,
    warning,
    watch,
)
from tests.risk.risks.register import assessed, entered, state_of

DAY = date(2026, 3, 1)
TEN_TWENTY = {"amber": 100_000, "red": 200_000, "hysteresis": 20_000}


@pytest.fixture(autouse=True)
def today(days: Days) -> Days:
    """A day a while after the orders."""
    days.on(DAY)
    return days


async def owing(service: ServiceHarness, overdue: int, current: int) -> tuple[Order, Order]:
    """An account with one item overdue and one that is not."""
    account_id = new_id()
    late, soon = Order(account_id, overdue), Order(account_id, current)
    await service.deliver(
        account_created(account_id),
        late.confirmed(on="2026-01-01", due_on="2026-02-01"),
        soon.confirmed(on="2026-02-20", due_on="2026-04-01"),
    )
    return late, soon


async def test_an_alert_is_raised_escalated_and_over_within_one_turn_each(service: ServiceHarness) -> None:
    risk = await entered(service)
    await assessed(service, risk)
    path = await watch(service, risk_ids=[risk.rpartition("/")[2]])
    assert await shown(service, path) == (None, 0, "green")
    late, _soon = await owing(service, 150_000, 850_000)
    assert await shown(service, path) == (150_000, 2, "amber")
    assert await state_of(service, risk) == ("assessed", None)
    more = Order(late.account_id, 100_000)
    await service.deliver(more.confirmed(on="2026-01-02", due_on="2026-02-02"))
    assert await shown(service, path) == (227_273, 3, "red")
    assert await state_of(service, risk) == ("identified", "red_alert")
    (alert,) = await alerts(service)
    assert (alert["state"], alert["level"], alert["value"], alert["threshold"], alert["is_escalation"]) == (
        "open",
        "red",
        227_273,
        200_000,
        True,
    )
    await assessed(service, risk)
    await service.post(f"{risk}/monitor")
    closing = await service.post(f"{risk}/close", {"reason": "over"})
    assert (closing.status_code, closing.json()["code"]) == (409, "red-alert-open")
    await service.deliver(payment(late.account_id, (late, 150_000), (more, 100_000)))
    assert await shown(service, path) == (0, 1, "green")
    assert await said(service) == ["raised amber", "raised red !", "resolved green"]
    (alert,) = await alerts(service)
    assert (alert["state"], alert["reason"]) == ("resolved", "back_to_green")
    assert (await service.post(f"{risk}/close", {"reason": "over"})).status_code == 200
    assert len(await service.published("risk.risk.identified.v1")) == 2, "entered, and set back once"
    levels = (await service.get(f"{path}/values")).json()["items"]
    assert [one["level"] for one in levels] == ["green", "amber", "red", "green"]


async def test_the_level_stays_between_the_bounds_and_without_data(service: ServiceHarness, today: Days) -> None:
    path = await watch(service, "target_shortfall", target_id=(target := str(new_id())), **TEN_TWENTY)
    steps: list[tuple[int | None, str]] = [
        (901, "green"),
        (900, "amber"),
        (910, "amber"),
        (920, "amber"),
        (921, "green"),
        (800, "red"),
    ]
    steps += [(820, "red"), (821, "amber"), (921, "green"), (750, "red"), (None, "red")]
    for thousandths, level in steps:
        today.moment += timedelta(seconds=1)
        await service.deliver(pace(UUID(target), None if thousandths is None else thousandths * 1000))
        assert (await shown(service, path))[2] == level, thousandths
    assert (await shown(service, path))[:2] == (None, 0)
    assert [word.split()[0] for word in await said(service)] == [
        *("raised", "resolved", "raised", "resolved", "raised"),
    ]
    assert len(await alerts(service)) == 3


async def test_a_small_sample_has_no_value_and_keeps_the_level(service: ServiceHarness) -> None:
    path = await watch(service, min_sample=3)
    late, _ = await owing(service, 500_000, 500_000)
    assert await shown(service, path) == (None, 2, "green")
    await service.deliver(Order(late.account_id, 1_000).confirmed(on="2026-02-20", due_on="2026-04-01"))
    assert (await shown(service, path))[1:] == (3, "red")
    await service.deliver(payment(late.account_id, (late, 500_000)))
    assert await shown(service, path) == (None, 2, "red")


async def test_what_somebody_resolved_is_silent_until_green_or_worse(service: ServiceHarness) -> None:
    path = await watch(service)
    late, soon = await owing(service, 150_000, 850_000)
    await evaluate(service)
    (alert,) = await alerts(service)
    of = f"/v1/risk-alerts/{alert['id']}"
    assert (await service.post(f"{of}/acknowledge")).json()["state"] == "acknowledged"
    done = (await service.post(f"{of}/resolve", {"reason": "They pay by instalments"})).json()
    assert (done["state"], done["resolved_by"], done["reason"]) == ("resolved", "admin", "They pay by instalments")
    await service.deliver(payment(late.account_id, (late, 1_000)))
    await evaluate(service)
    assert len(await alerts(service)) == 1, "amber still"
    await service.deliver(payment(soon.account_id, (soon, 700_000)))
    assert (await shown(service, path))[2] == "red"
    assert [one["state"] for one in await alerts(service)] == ["resolved", "open"]
    (other,) = [one for one in await alerts(service) if one["state"] == "open"]
    await service.post(f"/v1/risk-alerts/{other['id']}/resolve", {"reason": "known"})
    await service.deliver(payment(late.account_id, (late, 149_000)))
    assert (await shown(service, path))[2] == "green"
    await service.deliver(Order(late.account_id, 500_000).confirmed(on="2026-01-02", due_on="2026-02-02"))
    assert (await shown(service, path))[2] == "red"
    assert len(await alerts(service)) == 3
    (raised, *_) = await service.published("risk.alert.resolved.v1")
    assert raised.payload["reason"] == "by_hand"


async def test_many_workers_say_each_word_once(service: ServiceHarness) -> None:
    risks = [(await entered(service)).rpartition("/")[2] for _ in range(3)]
    for number in range(30):
        await watch(service, risk_ids=risks if number % 2 else [])
    await owing(service, 500_000, 500_000)
    loops = [DueLoop(service.runtime, [MARKS_DUE, INDICATORS_DUE]) for _ in range(4)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    await evaluate(service)
    assert await said(service) == ["raised red"] * 30
    assert len(await alerts(service)) == 30
    assert len(await service.published("risk.risk.identified.v1")) == 6, "entered, and set back once"


async def test_a_fact_that_comes_while_an_indicator_is_evaluated_is_not_lost(service: ServiceHarness) -> None:
    path = await watch(service)
    await evaluate(service)
    async with service.transaction() as tx:
        await tx.execute("SELECT FROM indicator_reading FOR UPDATE")  # as an evaluation holds it
        await asyncio.wait_for(owing(service, 500_000, 500_000), 10)
        assert await tx.fetchval("SELECT count(*) FROM indicator_mark") > 0
    assert (await shown(service, path))[2] == "red"


async def test_values_of_orders(service: ServiceHarness) -> None:
    accounts = [new_id() for _ in range(3)]
    channels = [new_id() for _ in range(2)]
    nets = (50_000, 30_000, 20_000)
    orders = [Order(account_id, net) for account_id, net in zip(accounts, nets, strict=True)]
    for order, sold_by in zip(orders, (channels[0], channels[0], channels[1]), strict=True):
        given: dict[str, Any] = {"channel_id": sold_by, "net_base": order.gross, "order_date": "2026-02-14"}
        await service.deliver(account_created(order.account_id), order.placed(**given))
        await service.deliver(order.confirmed(**given))
    gone = Order(accounts[0], 10)
    await service.deliver(gone.placed(order_date="2026-02-14"), gone.cancelled())
    await service.deliver(gone.placed(2, order_date="2026-02-14"))
    bounds = {"amber": 5_000, "red": 9_000, "hysteresis": 0}
    customers = await watch(service, "customer_concentration", **bounds)
    channel = await watch(service, "channel_concentration", **bounds)
    returned, cancelled = await watch(service, "return_rate"), await watch(service, "cancellation_rate")
    refused = await watch(service, "refusal_rate")
    of_one = await watch(service, "return_rate", account_id=str(accounts[0]))
    assert await shown(service, customers) == (3_800, 3, "green")
    assert await shown(service, channel) == (6_800, 2, "amber")
    assert (await shown(service, returned))[:2] == (0, 3)
    assert (await shown(service, cancelled))[:2] == (250_000, 4)
    assert (await shown(service, refused))[:2] == (0, 4)
    back = {"return_net_base": -30_000, "return_date": "2026-02-20", "channel_id": channels[0], "net_base": 50_000}
    await service.deliver(orders[0].returned(30_000, **back))
    assert (await shown(service, returned))[0] == 300_000
    assert (await shown(service, of_one))[0] == 600_000
    assert await shown(service, customers) == (3_469, 3, "green"), "30, 20, 20 of 70"
    small = Order(new_id(), 1_000_000_000)
    await service.deliver(account_created(small.account_id), small.placed(order_date="2026-02-25"))
    assert (await shown(service, refused))[:2] == (200_000, 5), "the limit is less"


async def test_values_of_cases_answers_and_obligations(service: ServiceHarness, today: Days) -> None:
    order = Order(new_id(), 1_000)
    await service.deliver(account_created(order.account_id), order.confirmed(on="2026-02-14"))
    late = new_id()
    await service.deliver(
        case(order.account_id, case_id=late, late=True),
        case(order.account_id, case_id=late),
        case(order.account_id, kind="question"),
        case(order.account_id, on="2026-01-01"),
    )
    complaints, breaches = await watch(service, "complaint_rate"), await watch(service, "sla_breach_rate")
    assert (await shown(service, complaints))[:2] == (1_000_000, 1)
    assert (await shown(service, breaches))[:2] == (500_000, 2)
    happy = await watch(service, "satisfaction", amber=30, red=0, hysteresis=10, min_sample=2)
    await service.deliver(*(answer(order.account_id, score) for score in (10, 9, 7, 3)))
    assert await shown(service, happy) == (25, 4, "amber")
    days = await watch(service, "dso", amber=300, red=600, hysteresis=0)
    assert await shown(service, days) == (900, 1, "red")
    assert (await shown(service, await watch(service, "obligations_overdue")))[:2] == (0, 0)
    today.moment += timedelta(days=60)
    assert (await shown(service, complaints))[:2] == (None, 0), "the days have passed"


async def test_values_of_warnings_conflicts_and_floors(service: ServiceHarness) -> None:
    accounts, partner = [new_id() for _ in range(2)], new_id()
    await service.deliver(partner_activated(partner))
    one, two = {"amber": 1, "red": 2, "hysteresis": 0, "min_sample": 5}, [new_id() for _ in range(2)]
    warnings, floors = await watch(service, "churn_warnings", **one), await watch(service, "floor_breaches", **one)
    conflicts = await watch(service, "partner_conflicts", **one)
    of_partner = await watch(service, "partner_conflicts", partner_id=str(partner), **one)
    assert await shown(service, warnings) == (0, 0, "green")
    await service.deliver(*(warning(each) for each in accounts), warning(accounts[0], is_over=True))
    assert await shown(service, warnings) == (1, 1, "amber")
    await service.deliver(conflict(two[1], is_over=True), conflict(two[0], partner), conflict(two[1], partner))
    assert await shown(service, conflicts) == (1, 1, "amber"), "one was over before it was heard of"
    await service.deliver(conflict(new_id(), new_id()))
    assert (await shown(service, conflicts))[2] == "red"
    assert (await shown(service, of_partner))[0] == 1
    await service.deliver(floor(accounts[0]), floor(accounts[1]), floor(accounts[1], "2026-01-01"))
    assert await shown(service, floors) == (2, 2, "red")


async def test_facts_in_any_order_and_a_rebuild_give_the_same(service: ServiceHarness) -> None:
    events = []
    for number in range(6):
        order = Order(new_id(), 1_000 + number)
        given: dict[str, Any] = {"net_base": order.gross, "order_date": f"2026-02-0{1 + number % 3}"}
        events += [order.placed(**given), order.confirmed(**given), order.returned(10, return_net_base=-10, **given)]
        events += [case(order.account_id), answer(order.account_id, number + 4)]
    random.Random(3).shuffle(events)
    await service.deliver(*events)
    await service.deliver(*events)  # a relay sent them again

    async def rows() -> list[Any]:
        return [
            *await service.rows("SELECT * FROM tally_bucket ORDER BY kind, day, account_id"),
            *await service.rows("SELECT * FROM tally_case ORDER BY id"),
        ]

    live = await rows()
    assert sum(row["count"] for row in live if row.get("kind") == "returned") == 6
    bus = service.runtime.bus
    await bus.start()
    await bus.ensure_topics([*topics_of("risk"), *topics_of("customer")])
    try:
        sent = [Message(key=each.key, value=each.data, headers=tuple(to_headers(each))) for each in (*events, *events)]
        await bus.publish(topic_of("customer"), sent)
        await rebuild(service.runtime.db, bus, service.subscriptions, "tally")
    finally:
        await bus.stop()
    assert await rows() == live


async def test_a_paused_indicator_is_not_evaluated(service: ServiceHarness) -> None:
    path = await watch(service)
    await evaluate(service)
    assert (await service.post(f"{path}/pause")).json()["state"] == "paused"
    await owing(service, 500_000, 500_000)
    assert (await shown(service, path))[2] == "green"
    assert (await service.post(f"{path}/resume")).json()["state"] == "active"
    assert (await shown(service, path))[2] == "red"


async def test_other_bounds_are_evaluated_at_once(service: ServiceHarness) -> None:
    path = await watch(service)
    await owing(service, 150_000, 850_000)
    assert (await shown(service, path))[2] == "amber"
    changed = await service.patch(path, {"amber": 200_000, "red": 300_000}, 1)
    assert changed.status_code == 200, changed.text
    assert (await shown(service, path))[2] == "green"


async def test_who_sees_an_alert_and_acknowledges_it(service: ServiceHarness) -> None:
    member = new_id()
    await service.deliver(seller(member, "rep-1"))
    await watch(service, owner_id=str(member))
    await watch(service)
    await owing(service, 500_000, 500_000)
    await evaluate(service)
    own, other = service.headers("rep-1", "sales_rep"), service.headers("rep-2", "sales_rep")
    (alert,) = (await service.get("/v1/risk-alerts", headers=own)).json()["items"]
    of = f"/v1/risk-alerts/{alert['id']}"
    assert (await service.get("/v1/risk-alerts", headers=other)).json()["items"] == []
    assert (await service.post(f"{of}/acknowledge", headers=other)).status_code == 404
    assert (await service.post(f"{of}/acknowledge", headers=own)).status_code == 200
    assert (await service.post(f"{of}/resolve", {"reason": "no"}, headers=own)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"red": 100_000}, "/red"),
        ({"hysteresis": 100_001}, "/hysteresis"),
        ({"measure": "satisfaction"}, "/red"),
        ({"measure": "dso", "region": "CN-SH"}, "/region"),
        ({"measure": "target_shortfall"}, "/target_id"),
        ({"account_id": str(new_id())}, "/account_id"),
        ({"partner_id": str(new_id())}, "/partner_id"),
        ({"owner_id": str(new_id())}, "/owner_id"),
        ({"risk_ids": [str(new_id())]}, "/risk_ids/0"),
        ({"window_days": 0}, "/window_days"),
        ({"measure": "mood"}, "/measure"),
        ({"value": 5}, "/value"),
    ],
)
async def test_what_an_indicator_may_not_say(service: ServiceHarness, changes: dict[str, Any], pointer: str) -> None:
    refused = await service.post("/v1/indicators", {**EXAMPLE, **changes})
    assert refused.status_code == 422, refused.text
    assert pointer in codes(refused.json()), refused.text


async def test_history_keeps_one_value_a_minute_and_one_a_day(service: ServiceHarness, today: Days) -> None:
    path = await watch(service, "target_shortfall", target_id=(target := str(new_id())), **TEN_TWENTY)
    today.moment = datetime(2026, 3, 1, 4, tzinfo=UTC)
    for second, thousandths in ((0, 990), (20, 980), (40, 970), (61, 960), (125, 960), (180, 950)):
        today.moment = datetime(2026, 3, 1, 4, tzinfo=UTC) + timedelta(seconds=second)
        await service.deliver(pace(UUID(target), thousandths * 1000))
        await evaluate(service)
    today.on(date(2026, 3, 2), hour=0)
    await evaluate(service)
    values = (await service.get(f"{path}/values")).json()["items"]
    assert [one["value"] for one in values] == [10_000, 40_000, 50_000, 50_000]
    assert [one["day"] for one in values] == ["2026-03-01"] * 3 + ["2026-03-02"]
