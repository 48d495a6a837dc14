"""Orders whose volume partners share, as a conflict was decided: by allocation, cumulative over returns, verified."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.money import SHARE_WHOLE
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness
from services.channels.events_out import RebateAccrued
from services.channels.rebates.models import SplitStep
from services.customer import events_out as customer
from tests.channels.conflicts.found import act, agreed, confirmed, mediated, merged, order, seller
from tests.channels.conflicts.test_procedure import split_of
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.rebates.test_laws import publish_all, wrong_findings


def shared(*shares: int) -> SplitStep:
    steps = [{"partner_id": new_id(), "share": share} for share in shares]
    return SplitStep.model_validate({"conflict_id": new_id(), "shares": steps})


def test_a_hundred_and_a_cent_at_sixty_to_forty() -> None:
    split = shared(600_000, 400_000)
    assert list(split.parts_of(10_001).values()) == [6_001, 4_000]
    assert list(split.parts_of(-10_001).values()) == [-6_001, -4_000]


@given(st.lists(st.integers(0, SHARE_WHOLE - 6), max_size=5), st.integers(0, 10**9), st.data())
def test_parts_sum_and_end_at_nothing(cuts: list[int], whole: int, data: st.DataObject) -> None:
    """Of 3/7, 3/7 and 1/7 of 11, largest remainder gave the third one more when one came back."""
    ends = [0, *(cut + number for number, cut in enumerate(sorted(cuts), 1)), SHARE_WHOLE]
    split = shared(*(end - start for start, end in pairwise(ends)))
    left, stands = whole, list(split.parts_of(whole).values())
    while left:
        left -= data.draw(st.integers(1, left))
        after = list(split.parts_of(left).values())
        assert sum(after) == left
        assert all(0 <= new <= old for new, old in zip(after, stands, strict=True)), "a return raises nobody's"
        stands = after
    assert not any(stands)


async def a_split(service: ServiceHarness, days: Days) -> tuple[UUID, list[UUID], dict[str, Any]]:
    """An account that two partners share 60 to 40 from 20 March 2026 to the end of June."""
    days.on("2026-03-11")
    one = await mediated(service)
    body = await split_of(service, one, valid_to="2026-06-30")
    one = await agreed(service, await act(service, one, "propose", body))
    return UUID(one["account_id"]), [UUID(each) for each in one["partner_ids"]], one


def returned(one: Order, back: int, after: int, version: int) -> Event:
    line = customer.OrderReturned.EXAMPLE["returned_lines"][0]
    lines = [{**line, "line_no": 1, "product_line": "rock", "net_base": -back, "returned_net_base_after": after}]
    changes = {"return_id": new_id(), "return_date": date(2026, 5, 1), "returned_lines": lines, "version": version}
    return one._event(customer.OrderReturned, **changes)


async def volumes(service: ServiceHarness, order_id: UUID) -> dict[UUID, list[int]]:
    """Moves of an order by partner, in their order."""
    found: dict[UUID, list[int]] = {}
    for row in await service.rows(
        "SELECT * FROM rebate_accrual WHERE order_id = $1 ORDER BY recorded_at, id", order_id
    ):
        found.setdefault(row["partner_id"], []).append(row["volume"])
    return found


async def test_partners_share_the_volume_and_returns_follow_it(service: ServiceHarness, days: Days) -> None:
    await publish(service)
    key, (first, second), conflict = await a_split(service, days)
    sold = order(first, key, on="2026-03-20", net=10_001)
    event = confirmed(sold)
    await service.deliver(event)
    await service.deliver(event)
    assert await volumes(service, sold.id) == {first: [6_001], second: [4_000]}
    steps = returned(sold, 1, 1, 7), returned(sold, 5_000, 5_001, 8), returned(sold, 5_000, 10_001, 9)
    await service.deliver(steps[0], steps[1])
    await service.deliver(steps[2], steps[0])
    assert await volumes(service, sold.id) == {first: [6_001, -1, -3_000, -3_000], second: [4_000, 0, -2_000, -2_000]}
    facts = [fact.payload for fact in await service.published(RebateAccrued.TYPE)]
    of_order = [fact for fact in facts if fact["order_id"] == str(sold.id)]
    assert {fact["split"]["conflict_id"] for fact in of_order} == {conflict["id"]}
    assert [fact["order_volume"] for fact in of_order] == [10_001, 10_001, -1, -1, -5_000, -5_000, -5_000, -5_000]
    accounts = (await service.get("/v1/rebate-accounts")).json()["items"]
    assert {UUID(each["partner_id"]): each["position"] for each in accounts} == {first: 1_000, second: 1_000}, (
        "as before it"
    )
    assert await service.parked() == []


async def test_odd_cents_of_equal_parts_go_to_nobody_more_than_to_others(service: ServiceHarness, days: Days) -> None:
    await publish(service)
    days.on("2026-03-11")
    key, late, early = new_id(), await partner(service, "B"), await partner(service, "A")
    await service.deliver(confirmed(order(late, key)), confirmed(order(early, key)))
    (one,) = (await service.get("/v1/conflicts")).json()["items"]
    await act(service, one, "assess", {"severity": "low", "note": "x"})
    await act(service, one, "state", {"statement": "x"})
    half = {str(late): 500_000, str(early): 500_000}
    one = await agreed(service, await act(service, one, "propose", await split_of(service, one, partner_shares=half)))
    orders = [order(late, key, on="2026-04-01", net=101) for _ in range(60)]
    await service.deliver(*(confirmed(sold) for sold in orders))
    found = [await volumes(service, sold.id) for sold in orders]
    assert all(sorted(each.values()) == [[50], [51]] for each in found)
    assert 12 <= sum(each[early] == [51] for each in found) <= 48, "by a lot of each order"


@pytest.mark.parametrize(("day", "is_shared"), [("2026-03-19", False), ("2026-03-20", True), ("2026-06-30", True)])
async def test_a_split_holds_on_its_days_whoever_sold(
    service: ServiceHarness, days: Days, day: str, is_shared: bool
) -> None:
    await publish(service)
    key, (first, second), _conflict = await a_split(service, days)
    third, other = await seller(service), new_id()
    await service.deliver(merged(key, other))
    orders = order(third, key, on=day), order(None, key, on=day), order(third, other, on=day)
    await service.deliver(*(confirmed(one) for one in orders))
    parts = {first: [600], second: [400]}
    alone: list[dict[UUID, list[int]]] = [{third: [1_000]}, {}, {third: [1_000]}]
    assert [await volumes(service, one.id) for one in orders] == ([parts] * 3 if is_shared else alone)
    late = order(third, key, on="2026-07-01")
    await service.deliver(confirmed(late))
    assert await volumes(service, late.id) == {third: [1_000]}


async def test_a_programme_of_one_of_them_counts_its_part(service: ServiceHarness, days: Days) -> None:
    key, (first, _second), _conflict = await a_split(service, days)
    await publish(service, partner_ids=[str(first)])
    sold = order(first, key, on="2026-03-20")
    await service.deliver(confirmed(sold))
    assert await volumes(service, sold.id) == {first: [600]}


async def test_shared_orders_are_verified_and_rebuilt(service: ServiceHarness, days: Days) -> None:
    """From customer's log; and an order that is shared otherwise than was decided is found."""
    await service.runtime.bus.start()
    await service.runtime.bus.ensure_topics([*topics_of("channels"), *topics_of("customer")])
    try:
        await publish(service)
        key, (first, second), _conflict = await a_split(service, days)
        sold, other = order(first, key, on="2026-03-20", net=10_001), order(None, key, on="2026-04-01", net=333)
        heard = [confirmed(sold), confirmed(other), returned(sold, 5_001, 5_001, 7)]
        await service.deliver(*heard)
        earlier = await service.rows("SELECT DISTINCT source_event_id FROM conflict_evidence")
        assert len(earlier) == 2
        await publish_all(service, heard)
        report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
        assert all(t.live_rows > 0 for t in report.tables if t.table not in ("rebate_posting", "rebate_layer"))
        of_splits = [each for each in await wrong_findings(service) if str(sold.id) in each]
        assert of_splits == []
        async with service.transaction() as tx:
            await tx.execute("UPDATE conflict SET partner_shares = jsonb_build_object($1::text, 1000000)", str(second))
        assert any("is shared otherwise" in each for each in await wrong_findings(service))
    finally:
        await service.runtime.bus.stop()
