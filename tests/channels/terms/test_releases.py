"""Placements that stay on hold are asked to give up their terms; only the order itself does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit import clock
from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.channels.events_out.terms import TermsCommitted, TermsGivenBack, TermsReleased
from services.channels.terms.dues import TERMS_DUE
from services.channels.terms.releases import LONGEST_HOLD
from tests.channels.conftest import Days
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.terms.orders import RESERVATIONS, Order, budget, cash_off, offer, order_of, reservations

__all__ = ["logged"]
ALMOST = LONGEST_HOLD - timedelta(seconds=1)


async def work_dues(service: ServiceHarness) -> None:
    """Work what is due; nothing may fail."""
    await DueLoop(service.runtime, [TERMS_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []


async def waiting(service: ServiceHarness, **changes: Any) -> Order:
    """An order whose terms are reserved and whose credit was refused."""
    order = order_of(await offer(service, **changes))
    await service.deliver(order.placed(), on_hold(order))
    return order


def on_hold(order: Order) -> Event:
    """Its credit is refused, now by the company's clock."""
    return replace(order.held("credit", "limit_exceeded"), time=clock.now())


async def release(service: ServiceHarness, order: Order, *roles: str) -> Any:
    row = (await reservations(service, order_id=order.id))[-1]
    headers = service.headers("somebody", *roles) if roles else service.headers()
    return await service.post(f"{RESERVATIONS}/{row['id']}/release", headers=headers)


async def released(service: ServiceHarness) -> list[tuple[str, int, str]]:
    return [
        (one.payload["order_id"], one.payload["placement"], one.payload["reason"])
        for one in await service.published(TermsReleased.TYPE)
    ]


async def test_after_72_hours_on_hold_the_order_is_asked_once_and_nothing_is_freed(
    service: ServiceHarness, days: Days
) -> None:
    promotion = await cash_off(service)
    order = await waiting(service)
    days.moment += ALMOST
    await work_dues(service)
    assert await released(service) == []
    days.moment += timedelta(hours=2)
    for _ in range(2):
        await work_dues(service)
    assert await released(service) == [(str(order.id), 1, "hold_too_long")]
    (said,) = await service.published(TermsReleased.TYPE)
    assert (said.key, said.subject, said.sequence) == (order.account_id, str(order.id), 2)
    (row,) = await reservations(service)
    assert (row["state"], row["version"], row["released_at"] is None) == ("reserved", 2, False)
    assert (await budget(service, promotion))["reserved_base"] == 3_000, "only the order gives it up"
    await service.deliver(order.held())
    assert (await budget(service, promotion))["reserved_base"] == 0
    assert [one.payload["reason"] for one in await service.published(TermsGivenBack.TYPE)] == ["held"]


async def test_a_week_off_asks_once_and_late(service: ServiceHarness, days: Days) -> None:
    await waiting(service)
    days.moment += timedelta(days=7)
    await asyncio.gather(*(work_dues(service) for _ in range(3)))
    assert len(await released(service)) == 1


@pytest.mark.parametrize("word", ["confirmed", "cancelled", "placed", "held"])
async def test_what_has_moved_on_is_not_asked(service: ServiceHarness, days: Days, word: str) -> None:
    order = await waiting(service)
    order.placement += word == "placed"
    await service.deliver(getattr(order, word)())
    days.moment += LONGEST_HOLD
    await work_dues(service)
    assert await released(service) == []
    assert await service.rows("SELECT * FROM terms_hold WHERE due_at IS NOT NULL") == []


async def test_a_new_placement_on_hold_waits_its_own_time(service: ServiceHarness, days: Days) -> None:
    order = await waiting(service)
    days.moment += timedelta(hours=71)
    order.placement = 2
    await service.deliver(order.placed(), on_hold(order))
    days.moment += timedelta(hours=71)
    await work_dues(service)
    assert await released(service) == []
    days.moment += timedelta(hours=2)
    await work_dues(service)
    assert await released(service) == [(str(order.id), 2, "hold_too_long")]


async def test_confirmed_by_an_override_at_the_same_moment_it_keeps_its_reservation(
    service: ServiceHarness, days: Days
) -> None:
    """Asked, and confirmed before the order heard of it: nothing was freed, so nothing is overdrawn."""
    promotion = await cash_off(service, budget_base=3_000)
    order = await waiting(service)
    days.moment += LONGEST_HOLD
    await work_dues(service)
    other = order_of(await offer(service))
    await service.deliver(other.placed(), order.confirmed())
    (said,) = await service.published(TermsCommitted.TYPE)
    assert not said.payload["is_overdrawn"]
    found = await budget(service, promotion)
    assert (found["committed_base"], found["left_base"]) == (3_000, 0), "the other was refused meanwhile"
    answer = await release(service, order)
    assert (answer.status_code, answer.json()["code"]) == (409, "terms-reservation-state")


async def test_by_hand_once_while_on_hold_never_when_confirmed(service: ServiceHarness, days: Days) -> None:
    order = order_of(await offer(service))
    await service.deliver(order.placed())
    early = await release(service, order)
    assert (early.status_code, early.json()["code"]) == (409, "order-not-on-hold")
    await service.deliver(on_hold(order))
    forbidden = await release(service, order, "auditor")
    assert forbidden.status_code == 403
    first, second = await release(service, order), await release(service, order)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (first.json()["state"], first.json()["version"]) == ("reserved", 2)
    assert await released(service) == [(str(order.id), 1, "by_hand")]
    days.moment += LONGEST_HOLD
    await work_dues(service)
    assert len(await released(service)) == 1
    (entry,) = await service.rows("SELECT after FROM audit_log WHERE action = 'release'")
    assert str(order.id) in entry["after"]
    await service.deliver(order.confirmed())
    late = await release(service, order)
    assert (late.status_code, late.json()["state"]) == (409, "committed")


async def test_of_an_old_placement_nothing_is_released(service: ServiceHarness) -> None:
    order = await waiting(service)
    old = (await reservations(service, order_id=order.id))[0]["id"]
    order.placement = 2
    await service.deliver(order.placed())
    answer = await service.post(f"{RESERVATIONS}/{old}/release")
    assert (answer.status_code, answer.json()["state"]) == (409, "freed")
    unknown = await service.post(f"{RESERVATIONS}/{order.id}/release")
    assert unknown.status_code == 404


async def test_by_hand_and_by_date_at_once_ask_once(service: ServiceHarness, days: Days) -> None:
    order = await waiting(service)
    days.moment += LONGEST_HOLD
    answer, *_ = await asyncio.gather(release(service, order), work_dues(service), work_dues(service))
    assert answer.status_code == 200
    assert len(await released(service)) == 1


async def test_asked_and_moved_at_once(service: ServiceHarness, days: Days) -> None:
    """Whoever comes first: the order's own word decides, and no reservation is lost."""
    promotion = await cash_off(service)
    orders = [await waiting(service) for _ in range(6)]
    days.moment += LONGEST_HOLD
    words = [order.confirmed() if number % 2 else order.held() for number, order in enumerate(orders)]

    async def moved(event: Event) -> None:
        async with service.transaction() as tx:
            await service.subscriptions.lane("core").handle(service.work(tx), [event])

    await asyncio.gather(work_dues(service), *(moved(event) for event in words))
    await work_dues(service)
    found = await budget(service, promotion)
    assert (found["committed_base"], found["reserved_base"]) == (9_000, 0)
    assert not any(row["is_overdrawn"] for row in await reservations(service))


async def test_holds_that_come_twice_or_late_change_nothing(service: ServiceHarness, days: Days) -> None:
    order = await waiting(service)
    days.moment += LONGEST_HOLD
    await work_dues(service)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(order.placed(), on_hold(order))
    await work_dues(service)
    assert len(await released(service)) == 1
    assert len(await service.rows("SELECT * FROM terms_hold")) == 1


async def test_what_was_asked_is_folded_and_verified(logged: ServiceHarness, days: Days) -> None:
    service = logged
    await cash_off(service)
    orders = [order_of(await offer(service)) for _ in range(2)]
    events = [event for order in orders for event in (order.placed(), on_hold(order))]
    await service.deliver(*events)
    days.moment += LONGEST_HOLD
    await work_dues(service)
    dropped = orders[0].held()
    await service.deliver(dropped)
    await publish_all(service, [*events, dropped])
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")
    assert report.equal, report.as_dict()
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM terms_hold")
    assert any("on hold unseen" in what for what in await wrong_findings(service))
