"""Scores of channels and what they advise, by the policy of the day; quotes that became orders; merged accounts."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from tests.channels.conflicts.found import merged
from tests.channels.performance.test_router import (
    Line,
    a_channel,
    a_cost,
    account,
    asked,
    deliver,
    sale,
    values,
)
from tests.channels.quotes.offers import account as a_buyer
from tests.channels.quotes.offers import body, goods, quoted

POLICIES = "/v1/channel-policies"
HALF = "from=2026-01-01&to=2026-06-30"


async def scored_channel(service: ServiceHarness, unit_cost: int = 10, **pilot: str) -> UUID:
    """Revenue 600 at a cost of 120 and a coverage of a half, as stable as in the example."""
    channel = await a_channel(service, "shop", "CN")
    if pilot:
        answer = await service.patch(f"/v1/channels/{channel}", pilot, 1)
        assert answer.status_code == 200, answer.text
    await a_cost(service, channel, "2026-02-01", 120)
    buyer = new_id()
    await service.deliver(account(buyer, "CN-SH"), account(new_id(), "CN-ZJ"))
    for month, revenue in enumerate((100, 120, 80, 110, 90, 100), start=1):
        await deliver(service, [sale(channel, f"2026-{month:02d}-10", Line(1, revenue, unit_cost), account=buyer)])
    return channel


async def test_a_score_by_the_worked_figures(service: ServiceHarness) -> None:
    await scored_channel(service)
    found = await asked(service, HALF)
    shown = values(found["items"][0])
    assert (shown["coverage"], shown["efficiency"], shown["stability"]) == (500_000, 5_000_000, 858_579)
    assert (shown["score"], shown["roi"], shown["advice"]) == (571_716, 3_500_000, "keep")
    assert found["policy_version"] == 1
    thin = values((await asked(service, "from=2026-02-01&to=2026-06-30"))["items"][0])
    assert (thin["score"], thin["advice"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "unit_cost", "pilot", "advised"),
    [
        ({"fund_from": 571_716}, 10, {}, "fund"),
        ({"fund_from": 571_717}, 10, {}, "keep"),
        ({"fund_from": 571_716, "hurdle": 3_500_001}, 10, {}, "keep"),
        ({"review_below": 571_717}, 10, {}, "review"),
        ({}, 100, {}, "review"),
        ({"fund_from": 571_716}, 10, {"pilot_from": "2026-06-30", "pilot_to": "2026-07-01"}, None),
        ({"fund_from": 571_716}, 10, {"pilot_from": "2025-06-30", "pilot_to": "2025-12-31"}, "fund"),
    ],
)
async def test_advice_goes_by_the_policy(
    service: ServiceHarness, changes: dict[str, Any], unit_cost: int, pilot: dict[str, str], advised: str | None
) -> None:
    await scored_channel(service, unit_cost, **pilot)
    await in_force(service, "scoring", changes)
    found = await asked(service, HALF)
    assert (found["items"][0]["advice"], found["policy_version"]) == (advised, 2)


async def in_force(service: ServiceHarness, kind: str, rules: dict[str, Any]) -> None:
    """A version of a policy that holds since long."""
    today = business_date("Asia/Shanghai").isoformat()
    sent = {"kind": kind, "valid_from": today, "rules": rules, "reason": "Another year"}
    answer = await service.request("PUT", POLICIES, sent, headers=service.headers(If_Match="*"))
    assert answer.status_code == 200, answer.text
    async with service.transaction() as tx:
        await tx.execute("UPDATE channel_policy SET valid_from = $1 WHERE valid_from > $1", date(2020, 1, 1))


async def test_quotes_that_became_orders(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop")
    await goods(service)
    buyer = await a_buyer(service)
    made = [await quoted(service, {**body(buyer, ("CD-ROCK", 1)), "channel_id": str(channel)}) for _ in range(3)]
    await service.post(f"/v1/quotes/{made[1]['id']}/withdraw")
    async with service.transaction() as tx:
        await tx.execute("UPDATE quote SET state = 'accepted', due_at = NULL WHERE id = $1", UUID(made[0]["id"]))
    day = made[0]["quote_date"]
    (item,) = (await asked(service, f"from={day}&to={day}"))["items"]
    assert item["conversion"] == {"value": 333_333, "sample_size": 3, "insufficient_data": False}
    before = "from=2026-01-01&to=2026-01-31"
    assert (await asked(service, before))["items"][0]["conversion"]["insufficient_data"] is True


async def test_merged_accounts_are_one_buyer(service: ServiceHarness) -> None:
    channel = await a_channel(service, "shop", "CN")
    one, other, third = new_id(), new_id(), new_id()
    await service.deliver(*(account(each, "CN-SH") for each in (one, other, third)))
    day = "2026-02-10"
    await deliver(service, [sale(channel, day, Line(1, 100, 1), account=each) for each in (one, other)])
    assert values((await asked(service, HALF))["items"][0])["coverage"] == 666_667
    await service.deliver(merged(one, other))
    assert (await asked(service, HALF))["items"][0]["coverage"] == {
        "value": 500_000,
        "sample_size": 2,
        "insufficient_data": False,
    }


@pytest.mark.parametrize(
    ("kind", "rules", "field"),
    [
        ("scoring", {"weights": {"coverage": 400_001}}, "/rules/weights"),
        ("scoring", {"benchmark": 0}, "/rules/benchmark"),
        ("scoring", {"review_below": 700_000}, "/rules"),
        ("discount", {"sales_rep": 1_000_001}, "/rules/sales_rep"),
        ("discount", {"window_days": 5}, "/rules/window_days"),
        ("draw", {"max_prize": 0}, "/rules/max_prize"),
        ("draw", {"currency": "XX"}, "/rules/currency"),
        ("weather", {}, "/kind"),
    ],
)
async def test_rules_that_do_not_fit_their_kind_are_named(
    service: ServiceHarness, kind: str, rules: dict[str, Any], field: str
) -> None:
    sent = {"kind": kind, "valid_from": "2100-01-01", "rules": rules, "reason": "Another year"}
    answer = await service.request("PUT", POLICIES, sent, headers=service.headers(If_Match="*"))
    assert (answer.status_code, codes(answer.json())[:1]) == (422, [field])


async def test_kinds_are_counted_apart(service: ServiceHarness) -> None:
    sent = {"kind": "scoring", "valid_from": "2100-01-01", "rules": {}, "reason": "Another year"}
    made = await service.request("PUT", POLICIES, sent, headers=service.headers(If_Match='"1"'))
    assert (made.json()["version"], made.json()["rules"]["fund_from"]) == (2, 660_000)
    listed = (await service.get(f"{POLICIES}?kind=discount")).json()["items"]
    assert [(one["version"], one["rules"]["sales_rep"]) for one in listed] == [(1, 50_000)]
