"""Programmes that count what was confirmed before they were published: as if they had been there all the time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.errors import Conflict
from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_in import OrderHeard
from services.channels.events_out import RebateAccrued, RebateProgrammePublished
from services.channels.rebates import catch_up, jobs
from services.channels.sales import handlers as sales
from tests.channels.conflicts.found import confirmed, order
from tests.channels.conftest import Days, Order, partner, programme, publish
from tests.channels.rebates.test_laws import handle, logged, publish_all, wrong_findings
from tests.channels.rebates.test_splits import a_split
from tests.channels.simulations.simulated import PLANS, Row, Sold
from tests.channels.statements.stated import approve, state, work_off

__all__ = ["logged"]
LAW = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
COUNTED = "position", "accrued", "focus", "baseline"


async def catching_up(service: ServiceHarness, **terms: Any) -> UUID:
    """A programme that counts every order of its days; its job is queued."""
    made = (await service.post("/v1/rebate-programmes", programme(**terms))).json()["id"]
    answer = await service.post(f"/v1/rebate-programmes/{made}/publish", {"catch_up": True})
    assert (answer.status_code, answer.json()["catch_up"]) == (200, True), answer.text
    return UUID(made)


async def accounts(service: ServiceHarness, programme_id: UUID) -> dict[tuple[UUID, date], tuple[Any, ...]]:
    rows = await service.rows("SELECT * FROM rebate_account WHERE programme_id = $1", programme_id)
    return {(row["partner_id"], row["period_start"]): tuple(row[name] for name in COUNTED) for row in rows}


async def events_of(service: ServiceHarness, programme_id: UUID) -> list[tuple[Any, ...]]:
    """What each event moved for whom."""
    rows = await service.rows("SELECT * FROM rebate_accrual WHERE programme_id = $1", programme_id)
    names = "source_event_id", "partner_id", "volume", "order_date", "posting_date"
    return sorted(tuple(str(row[name]) for name in names) for row in rows)


async def same(service: ServiceHarness, late: UUID, live: UUID) -> None:
    """A programme that caught up has what the one has that was there before."""
    assert await accounts(service, late) == await accounts(service, live)
    assert await events_of(service, late) == await events_of(service, live)
    (total,) = await service.rows("SELECT coalesce(sum(amount), 0)::bigint AS total FROM rebate_entry")
    assert total["total"] == 0


def stories(dice: random.Random, partners: Sequence[UUID | None], count: int) -> list[list[Event]]:
    """Orders of two lines, of some of which parts come back."""
    made = []
    for _ in range(count):
        day = date(2026, dice.randint(1, 12), dice.randint(1, 28))
        lines = [(name, dice.randint(0, 30_000)) for name in ("rock", "jazz")]
        sold = Sold(Order(dice.choice(partners), lines, day))  # type: ignore[arg-type]
        events = [sold.order.confirmed()]
        for line_no, (_name, net) in enumerate(lines, start=1):
            part = dice.randint(0, net)
            events += [sold.returned(line_no, back) for back in (part, net - part)[: dice.randint(0, 2)]]
        made.append(events)
    return made


def woven(dice: random.Random, parts: list[list[Event]]) -> list[Event]:
    """Events of each story in their order, the stories in any."""
    left, events = [list(one) for one in parts], []
    while left:
        chosen = dice.choice(left)
        events.append(chosen.pop(0))
        left = [one for one in left if one]
    return events


@LAW
@given(dice=st.randoms(use_true_random=False), kind=st.sampled_from(sorted(PLANS)))
async def test_it_comes_to_what_live_alone_comes_to(service: ServiceHarness, dice: random.Random, kind: str) -> None:
    """Wherever in the story it is published, wherever the job runs, of every kind."""
    own = [await partner(service, new_id().hex) for _ in range(3)]
    for one in own:
        await service.deliver(Order(one, [("rock", dice.randint(0, 50_000))], date(2025, 5, 1)).confirmed())
    terms = PLANS[kind] | {"kind": kind, "partner_ids": [str(one) for one in own]}
    live = await publish(service, **terms)
    events = woven(dice, stories(dice, [*own, None], dice.randint(1, 12)))
    published, caught = sorted(dice.randint(0, len(events)) for _ in range(2))
    await service.deliver(*events[:published])
    late = await catching_up(service, **terms)
    await service.deliver(*events[published:caught])
    await work_off(service)
    await service.deliver(*events[caught:])
    assert await service.parked() == []
    await same(service, late, live)


async def test_without_it_what_came_before_does_not_count(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    order_before = Order(partner_id, [("rock", 1_000)])
    await service.deliver(order_before.confirmed())
    await publish(service, name="from now on")
    made = (await service.post("/v1/rebate-programmes", programme())).json()["id"]
    answer = await service.post(f"/v1/rebate-programmes/{made}/publish", {"catch_up": False})
    assert answer.json()["catch_up"] is False
    assert await service.rows("SELECT id FROM job") == []
    late = await catching_up(service)
    assert [fact.payload["catch_up"] for fact in await service.published(RebateProgrammePublished.TYPE)] == [
        False,
        False,
        True,
    ]
    (job,) = await service.rows("SELECT id, kind FROM job")
    assert (job["id"], job["kind"]) == (late, "rebate-programmes.catch-up")
    (done,) = await work_off(service)
    assert (done["state"], done["result"]) == ("succeeded", '{"orders": 1}')
    (fact,) = await service.published(RebateAccrued.TYPE)
    assert (fact.payload["programme_id"], fact.payload["volume"], fact.payload["amount"]) == (str(late), 1_000, 10)
    assert (fact.causation_id, fact.subject) == (fact.payload["source_event_id"], str(order_before.id))


@pytest.mark.parametrize("dies_at", [1, 2, 5])
async def test_killed_half_way_and_resumed_nothing_is_lost_or_doubled(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    """Before a step is kept, while other orders and returns come in."""
    dice = random.Random(dies_at)
    own = [await partner(service, f"P-{number}") for number in range(3)]
    live = await publish(service)
    parts = stories(dice, own, 14)
    events = woven(dice, parts)
    await service.deliver(*events[:18])
    late = await catching_up(service)
    real, calls = catch_up.catch_up_some, [0]

    async def dies(*args: Any) -> Any:
        calls[0] += 1
        made = await real(*args)
        if calls[0] == dies_at:
            raise RuntimeError("killed")
        await asyncio.sleep(0.01)
        return made

    monkeypatch.setattr(jobs, "catch_up_some", dies)
    monkeypatch.setattr(jobs, "STEP", 3)

    async def goes_on() -> None:
        for event in events[18:]:
            await handle(service, event)

    await asyncio.gather(work_off(service), goes_on())
    (job,) = await service.rows("SELECT state, attempts FROM job")
    assert (job["state"], calls[0] > dies_at) == ("succeeded", True)
    await same(service, late, live)


@pytest.mark.parametrize("end", ["cancelled", "failed"])
async def test_a_catch_up_that_was_stopped_goes_on_when_it_is_asked_for_again(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Also with orders and returns that come between: equal to a run that nobody stopped."""
    dice = random.Random(11)
    own = [await partner(service, f"P-{number}") for number in range(3)]
    live = await publish(service)
    events = woven(dice, stories(dice, own, 14))
    await service.deliver(*events[:18])
    late, real, calls = await catching_up(service), catch_up.catch_up_some, [0]
    path = f"/v1/rebate-programmes/{late}/publish"
    assert (await service.post(path, {"catch_up": True})).status_code == 409, "it waits"

    async def is_stopped(*args: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2 and end == "failed":
            raise Conflict
        if calls[0] == 2:
            await service.post(f"/admin/jobs/{late}/cancel")
        return await real(*args)

    monkeypatch.setattr(jobs, "catch_up_some", is_stopped)
    monkeypatch.setattr(jobs, "STEP", 3)
    ((state, *_),) = [tuple(row.values()) for row in await work_off(service)]
    assert (state, 0 < len(await events_of(service, late)) < len(await events_of(service, live))) == (end, True)
    await service.deliver(*events[18:])
    assert (await service.post(path, {"catch_up": False})).status_code == 409
    asked = await asyncio.gather(*(service.post(path, {"catch_up": True}) for _ in range(3)))
    assert sorted(answer.status_code for answer in asked) == [200, 409, 409]
    (done,) = await work_off(service)
    assert (done["state"], done["error"]) == ("succeeded", None)
    await same(service, late, live)
    assert len(await service.published(RebateProgrammePublished.TYPE)) == 2, "it is published once"
    assert (await service.post(path, {"catch_up": True})).status_code == 409, "it has caught up"


async def test_what_comes_again_or_was_confirmed_long_ago_counts_once(service: ServiceHarness) -> None:
    """Both in the programme that catches up and in others: live takes what the job did not."""
    partner_id = await partner(service)
    live = await publish(service, name="live")
    sold = Sold(Order(partner_id, [("rock", 30_000)]))
    events = [sold.order.confirmed(), sold.returned(1, 400), sold.returned(1, 600)]
    kept = Order(partner_id, [("rock", 7_000)]).confirmed()
    await service.deliver(*events[:2])
    late = await catching_up(service)
    await service.deliver(kept, events[2])
    assert [volume for _e, _p, volume, *_ in await events_of(service, late)] == ["7000"]
    await work_off(service)
    await same(service, late, live)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*events, kept)
    await same(service, late, live)
    assert len(await events_of(service, late)) == 4


async def test_what_sales_knew_first_is_worked_by_others_all_the_same(service: ServiceHarness) -> None:
    """`sales` may be filled from the log before the orders are worked live."""
    live = await publish(service, name="live")
    event = Order(await partner(service), [("rock", 30_000)]).confirmed()
    async with service.transaction() as tx:
        await sales.on_order(tx, [Fact(event, OrderHeard.model_validate_json(event.data))])
    late = await catching_up(service)
    await work_off(service)
    assert (len(await events_of(service, late)), await events_of(service, live)) == (1, [])
    await service.deliver(event)
    await same(service, late, live)


async def test_shared_orders_are_shared_as_they_were(service: ServiceHarness, days: Days) -> None:
    """Also of one of its partners alone, also direct ones; one that nobody accrued by what had been decided then."""
    key, (first, second), _conflict = await a_split(service, days)
    live = await publish(service)
    sold = [Sold(order(first, key, on="2026-03-20", net=10_001)), Sold(order(None, key, on="2026-04-01", net=333))]
    await service.deliver(*(confirmed(one.order) for one in sold), confirmed(order(first, key, on="2026-07-01")))
    await service.deliver(sold[0].returned(1, 5_001), sold[1].returned(1, 33))
    days.on("2026-07-02")
    late = await catching_up(service, valid_from="2026-03-20")
    own = await catching_up(service, valid_from="2026-03-20", partner_ids=[str(second)])
    await work_off(service)
    await same(service, late, live)
    assert {key[0] for key in await accounts(service, own)} == {second}
    assert (await accounts(service, own)).items() <= (await accounts(service, live)).items()


async def test_the_ledger_of_it_is_verified_and_rebuilt(logged: ServiceHarness) -> None:
    """Verification expects every order of its days, whenever it was confirmed."""
    service, dice = logged, random.Random(5)
    partners = [await partner(service, f"P-{number}") for number in range(2)]
    events = woven(dice, stories(dice, partners, 10))
    await service.deliver(*events[:15])
    late = await catching_up(service, kind="retroactive")
    await publish_all(service, events[:15])
    assert len(await wrong_findings(service)) > 0, "it has not caught up yet"
    await work_off(service)
    await service.deliver(*events[15:])
    await publish_all(service, events[15:])
    assert await wrong_findings(service) == []
    assert {row[1] for row in await events_of(service, late)} == {str(one) for one in partners}
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
    assert report.equal, report.as_dict()
    assert (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "sale_return")).equal


async def test_it_stands_in_the_next_statement(service: ServiceHarness, days: Days) -> None:
    """What a period earned late is stated once; a return after that takes back its part of it."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=[{"start": 0, "rate": 10_000}])
    sold = Sold(Order(partner_id, [("rock", 10_000)], date(2026, 1, 10)))
    await service.deliver(sold.order.confirmed())
    days.on("2026-04-10")
    await approve(service, await state(service, "2026-04-10", partner_id))
    late = await catching_up(service, tiers=[{"start": 0, "rate": 20_000}])
    await work_off(service)
    found = await approve(service, await state(service, "2026-04-10", partner_id))
    assert (found["accruals"], found["total"]) == (200, 200)
    await service.deliver(sold.returned(1, 4_000, on=date(2026, 4, 11)))
    taken = await accounts(service, late)
    assert taken[partner_id, date(2026, 1, 1)][:2] == (10_000, 200)
    assert taken[partner_id, date(2026, 4, 1)][:2] == (0, -80)


@pytest.mark.parametrize("body", [{"catch_up": None}, {"catch_up": 2}, {"catch_up": "perhaps"}])
async def test_a_body_that_says_neither_is_named(service: ServiceHarness, body: Row) -> None:
    made = (await service.post("/v1/rebate-programmes", programme())).json()["id"]
    answer = await service.post(f"/v1/rebate-programmes/{made}/publish", body)
    assert (answer.status_code, codes(answer.json())) == (422, ["/catch_up"])
