"""Laws of the rebate ledger under concurrency, and the ledger rebuilt from its facts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

import pytest

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.events.relay import Relay
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness
from services.channels.events_out import RebateAccrued
from services.channels.programmes.rules import PlanKind, plan_of, rebate
from services.channels.verify import verify
from tests.channels.conftest import TIERS, Order, partner, programme, publish

PLANS = {
    kind: plan_of(kind, [(tier["start"], tier["rate"]) for tier in TIERS])
    for kind in (PlanKind.MARGINAL, PlanKind.RETROACTIVE)
}


@pytest.fixture
async def logged(service: ServiceHarness) -> AsyncIterator[ServiceHarness]:
    """The service with a log that both topics live in."""
    await service.runtime.bus.start()
    await service.runtime.bus.ensure_topics([*topics_of("channels"), *topics_of("customer")])
    yield service
    await service.runtime.bus.stop()


async def publish_all(service: ServiceHarness, heard: Sequence[Event]) -> None:
    """Send the outbox to the log, and put what customer said there too."""
    messages = [Message(key=e.key, value=e.data, headers=tuple(to_headers(e))) for e in heard]
    await service.runtime.bus.publish(topic_of("customer"), messages)
    connection = await service.runtime.db.connect()
    try:
        while await Relay(service.runtime.db, service.runtime.bus).drain_once(connection):
            continue
    finally:
        await connection.close()


async def wrong_findings(service: ServiceHarness) -> list[str]:
    return [
        f"{finding.check}: {finding.detail}"
        for finding in await verify(service.runtime.db, service.runtime.bus)
        if not finding.ok
    ]


async def handle(service: ServiceHarness, event: Event) -> None:
    async with service.transaction() as tx:
        for lane in service.subscriptions.lanes:
            if event.type in lane.handlers:
                await lane.handle(service.work(tx), [event])


async def check_accounts(service: ServiceHarness) -> None:
    """Each account's rebate is F(position), and the ledger sums to zero."""
    for row in await service.rows(
        "SELECT a.position, a.accrued, r.kind FROM rebate_account a JOIN rebate_programme r ON r.id = a.programme_id"
    ):
        assert row["accrued"] == rebate(PLANS[PlanKind(row["kind"])], row["position"])
    (total,) = await service.rows("SELECT coalesce(sum(amount), 0)::bigint AS total FROM rebate_entry")
    assert total["total"] == 0


async def test_orders_of_one_partner_at_once_follow_each_other(logged: ServiceHarness) -> None:
    """Confirmed orders on 12 connections, while another programme is published: positions chain without a gap."""
    service = logged
    partner_id = await partner(service)
    await publish(service)
    draft = (await service.post("/v1/rebate-programmes", programme(name="late", kind="retroactive"))).json()["id"]
    dice = random.Random(3)
    orders = [Order(partner_id, [("rock", dice.randint(1, 9_000))]) for _ in range(24)]
    early = [order.confirmed() for order in orders[:12]]

    async def later() -> list[Event]:
        answer = await service.post(f"/v1/rebate-programmes/{draft}/publish")
        assert answer.status_code == 200
        events = [order.confirmed() for order in orders[12:]]
        await asyncio.gather(*(handle(service, event) for event in events))
        return events

    results = await asyncio.gather(later(), *(handle(service, event) for event in early))
    late: list[Event] = results[0]  # type: ignore[assignment]  # the other tasks give None
    facts = [f.payload for f in await service.published(RebateAccrued.TYPE)]
    assert len(facts) == 24 + 12
    for programme_id in {fact["programme_id"] for fact in facts}:
        own = [fact for fact in facts if fact["programme_id"] == programme_id]
        assert [fact["position_before"] for fact in own] == [0, *(fact["position_after"] for fact in own[:-1])]
    await check_accounts(service)
    await publish_all(service, early + late)
    assert await wrong_findings(service) == []


def story(partner_id: UUID, dice: random.Random) -> list[Event]:
    """An order, confirmed and returned in up to two parts."""
    net = dice.randint(0, 30_000)
    order = Order(partner_id, [(dice.choice(("rock", "jazz")), net)], date(2026, dice.randint(1, 12), 15))
    line = order.lines[0][0]
    events = [order.confirmed()]
    if dice.random() < 0.5:
        part = dice.randint(0, net)
        events += [order.returned((line, part)), order.returned((line, net - part))][: dice.randint(1, 2)]
    return events


@pytest.mark.parametrize("seed", range(4))
async def test_any_weave_of_stories_is_rebuilt_equal(logged: ServiceHarness, seed: int) -> None:
    service, dice = logged, random.Random(seed)
    partners = [await partner(service, f"P-{n}") for n in range(3)]
    await publish(service, name="all")
    await publish(service, name="rock", kind="retroactive", period="month", product_lines=["rock"])
    await publish(service, name="one", kind="marginal", period="year", partner_ids=[str(partners[0])])
    stories = [story(dice.choice(partners), dice) for _ in range(30)]
    events: list[Event] = []
    while stories:
        chosen = dice.choice(stories)
        events.append(chosen.pop(0))
        stories = [one for one in stories if one]
    rest = list(events)
    while rest:
        size = dice.randint(1, 15)
        batch, rest = rest[:size], rest[size:]
        await service.deliver(*batch, *dice.sample(batch, min(2, len(batch))))
    assert await service.parked() == []
    await check_accounts(service)
    await publish_all(service, events)
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
    assert report.equal, report.as_dict()
    assert all(t.live_rows > 0 for t in report.tables if t.table not in ("rebate_posting", "rebate_layer"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE rebate_account SET accrued = accrued + 1",
        "UPDATE rebate_account SET position = position + 1",
        "UPDATE rebate_accrual SET amount = amount + 1",
        "UPDATE rebate_entry SET amount = amount + 1 WHERE ledger_account = 'rebate_expense'",
        "DELETE FROM rebate_accrual",
    ],
)
async def test_a_damaged_row_is_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    await publish(service)
    event = Order(await partner(service), [("rock", 12_000)]).confirmed()
    await service.deliver(event)
    await publish_all(service, [event])
    assert await wrong_findings(service) == []
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    assert not (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")).equal
    assert await wrong_findings(service) != []


async def test_an_order_that_was_never_accrued_is_found(logged: ServiceHarness) -> None:
    service = logged
    await publish(service)
    partner_id = await partner(service)
    heard, lost = Order(partner_id, [("rock", 500)]).confirmed(), Order(partner_id, [("rock", 700)]).confirmed()
    await service.deliver(heard)
    await publish_all(service, [heard, lost])
    (finding,) = await wrong_findings(service)
    assert str(lost.id) in finding
