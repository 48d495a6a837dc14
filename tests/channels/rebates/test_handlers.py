"""What orders and returns do to rebates."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out import RebateAccrued
from services.channels.programmes.rules import PlanKind, plan_of, rebate
from tests.channels.conftest import TIERS, Order, partner, publish

PLAN = plan_of(PlanKind.MARGINAL, [(tier["start"], tier["rate"]) for tier in TIERS])


async def accounts(service: ServiceHarness, **filters: object) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    answer = await service.get(f"/v1/rebate-accounts?sort=period_start&{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_an_order_accrues_in_both_sides_of_the_ledger(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    programme_id = await publish(service)
    order = Order(partner_id, [("rock", 9_000), ("jazz", 3_050)])
    event = order.confirmed()
    await service.deliver(event)
    (fact,) = await service.published(RebateAccrued.TYPE)
    assert (fact.key, fact.subject, fact.sequence, fact.causation_id) == (
        str(partner_id),
        str(order.id),
        1,
        str(event.id),
    )
    assert (fact.payload["amount"], fact.payload["volume"], fact.payload["position_after"]) == (141, 12_050, 12_050)
    assert fact.payload["slices"] == [
        {"start": 0, "end": 10_000, "rate": 10_000},
        {"start": 10_000, "end": 12_050, "rate": 20_000},
    ]
    entries = (await service.get(f"/v1/rebate-entries?order_id={order.id}&sort=recorded_at")).json()["items"]
    assert sorted((entry["ledger_account"], entry["amount"]) for entry in entries) == [
        ("partner_payable", -141),
        ("rebate_expense", 141),
    ]
    assert entries[0]["slices"] == fact.payload["slices"]
    (account,) = await accounts(service, partner_id=partner_id)
    assert (account["programme_id"], account["position"], account["accrued"]) == (str(programme_id), 12_050, 141)
    assert (account["period_start"], account["period_end"], account["partner_code"]) == (
        "2026-01-01",
        "2026-03-31",
        "P-1",
    )


async def test_only_what_matches_counts(service: ServiceHarness) -> None:
    first, second = await partner(service, "P-1"), await partner(service, "P-2")
    rock = await publish(service, name="rock", product_lines=["rock"], partner_ids=[str(first)])
    await publish(service, name="late", valid_from="2026-06-01", period="year")
    orders = [
        Order(first, [("rock", 1_000), (None, 500), ("jazz", 70)]),
        Order(first, [("jazz", 1_000)]),
        Order(second, [("rock", 1_000)]),
        Order(None, [("rock", 1_000)]),
        Order(second, [("rock", 4_000)], date(2026, 7, 1)),
        Order(new_id(), [("rock", 1_000)], date(2025, 12, 31)),
    ]
    await service.deliver(*(order.confirmed() for order in orders))
    facts = [
        (f.subject, f.payload["programme_id"] == str(rock), f.payload["volume"])
        for f in await service.published(RebateAccrued.TYPE)
    ]
    assert sorted(facts) == sorted(
        [(str(orders[0].id), True, 1_000), (str(orders[1].id), True, 0), (str(orders[4].id), False, 4_000)]
    )
    assert await service.parked() == []


async def test_a_programme_counts_from_its_publication_on(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    before = Order(partner_id, [("rock", 1_000)]).confirmed()
    await publish(service)
    await service.deliver(before)
    assert await service.published(RebateAccrued.TYPE) == []


async def test_overlapping_programmes_all_accrue_and_orders_number_their_facts(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    await publish(service, name="a")
    await publish(service, name="b", kind="retroactive", period="year")
    order = Order(partner_id, [("rock", 20_000)])
    await service.deliver(order.confirmed())
    await service.deliver(order.returned(("rock", 15_000)))
    facts = await service.published(RebateAccrued.TYPE)
    assert [fact.sequence for fact in facts] == [1, 2, 3, 4]
    found = sorted((a["period_end"], a["position"], a["accrued"]) for a in await accounts(service))
    assert found == [("2026-03-31", 5_000, 50), ("2026-12-31", 5_000, 50)]


async def test_a_return_lowers_the_period_of_the_order(service: ServiceHarness) -> None:
    """Also when the day of the return is past the programme, and the programme knows only some lines."""
    partner_id = await partner(service)
    await publish(service, product_lines=["rock"])
    order = Order(partner_id, [("rock", 12_000), ("jazz", 900)])
    await service.deliver(order.confirmed())
    await service.deliver(order.returned(("rock", 4_000), ("jazz", 900), on=date(2027, 3, 1)))
    back = (await service.published(RebateAccrued.TYPE))[1].payload
    assert (back["volume"], back["amount"], back["order_date"], back["posting_date"]) == (
        -4_000,
        80 - 140,
        "2026-02-14",
        "2027-03-01",
    )
    await service.deliver(order.returned(("rock", 8_000)))
    (account,) = await accounts(service)
    assert (account["position"], account["accrued"]) == (0, 0)
    entries = (await service.get("/v1/rebate-entries")).json()["items"]
    assert sum(entry["amount"] for entry in entries) == 0
    for side in ("rebate_expense", "partner_payable"):
        assert sum(entry["amount"] for entry in entries if entry["ledger_account"] == side) == 0


async def test_a_return_of_an_order_that_earned_nothing_takes_nothing(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    order = Order(partner_id, [("rock", 1_000)])
    await service.deliver(order.confirmed())
    await publish(service)
    await service.deliver(order.returned(("rock", 1_000)))
    assert await service.published(RebateAccrued.TYPE) == []


async def test_duplicates_change_nothing(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    await publish(service)
    order = Order(partner_id, [("rock", 30_000)])
    events = [order.confirmed(), order.returned(("rock", 500))]
    await service.deliver(events[0], events[0], events[1], events[1])
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*events)
    assert len(await service.published(RebateAccrued.TYPE)) == 2
    (account,) = await accounts(service)
    assert account["position"] == 29_500


async def test_the_rebate_is_that_of_the_net_volume_in_any_order_of_arrival(service: ServiceHarness) -> None:
    await publish(service)
    amounts = (333, 9_999, 45_001, 7)
    for number, arrival in enumerate(itertools.permutations(amounts)):
        partner_id = UUID(int=number + 1)
        orders = [Order(partner_id, [("rock", amount)]) for amount in arrival]
        await service.deliver(*(order.confirmed() for order in orders))
        await service.deliver(orders[0].returned(("rock", arrival[0])))
        (account,) = await accounts(service, partner_id=partner_id)
        net = sum(amounts) - arrival[0]
        assert (account["position"], account["accrued"]) == (net, rebate(PLAN, net))
