"""What deals have realised and where they stand is derived again from customer's log."""

from __future__ import annotations

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.conflicts.found import merged
from tests.channels.conftest import Days
from tests.channels.deals.claimed import CHINESE, PATH, approved, director, partner_of, registered
from tests.channels.deals.test_orders import buyer, confirmed, order, returned
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings

__all__ = ["logged"]


async def a_story(service: ServiceHarness, days: Days) -> None:
    """A deal that is won by a merged account and by one that names it, one in review, one that was refused."""
    days.on("2026-03-02")
    key, survivor = await buyer(service), await buyer(service, "Azure Haven")
    deal = await approved(service, customer_name=CHINESE[1])
    waits = await registered(service, customer_name="Cyan Bay")
    refused = await registered(service)
    await service.post(f"{PATH}/{refused['id']}/reject", {"reason": "too_early"}, headers=director(service))
    one, named = order(partner_of(deal), survivor), order(partner_of(deal), await buyer(service, "Red Cliff"), 50)
    early = order(partner_of(waits), await buyer(service, "Cyan Bay"), 7)
    foreign = order(partner_of(refused), key, 9)
    events = [
        confirmed(one), confirmed(named, deal), confirmed(early), confirmed(foreign, refused), returned(one, 300),
        merged(survivor, key, new_id()),
    ]  # fmt: skip
    for event in events:
        await service.deliver(event)
    await publish_all(service, events)


async def test_what_is_as_it_should_be_is_not_found(logged: ServiceHarness, days: Days) -> None:
    await a_story(logged, days)
    states = await logged.rows("SELECT state, realised_base FROM deal ORDER BY number")
    assert [(one["state"], one["realised_base"]) for one in states] == [
        ("won", 750), ("registered", 0), ("rejected", 0)
    ]  # fmt: skip
    assert await wrong_findings(logged) == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE deal SET realised_base = realised_base + 1 WHERE state = 'won'", "won by the orders"),
        ("UPDATE deal SET won_order_id = gen_random_uuid() WHERE state = 'won'", "won by the orders"),
        ("UPDATE deal_order_line SET net_base = net_base + 1 WHERE net_base = 1000", "what customer tells"),
        ("UPDATE deal_order_line SET returned_net_base = 0 WHERE returned_net_base = 300", "what customer tells"),
        ("DELETE FROM deal_order_line WHERE net_base = 50", "won by the orders"),
        ("UPDATE deal_order_line SET order_date = '2026-01-01' WHERE net_base = 7", "won by the orders"),
        ("UPDATE deal SET state = 'withdrawn', due_at = NULL WHERE state = 'registered'", "won by the orders"),
        ("UPDATE deal SET name_key = 'one', country = 'CN' WHERE state <> 'rejected'", "the first stands"),
    ],
)
async def test_what_was_changed_by_hand_is_found(logged: ServiceHarness, days: Days, damage: str, found: str) -> None:
    await a_story(logged, days)
    async with logged.transaction() as tx:
        assert await tx.execute(damage) >= 1
    wrong = await wrong_findings(logged)
    assert any(found in one for one in wrong), wrong
