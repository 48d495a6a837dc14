"""The audit agrees with honest crediting and finds each kind of damage."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from kit.events import outbox
from kit.events.envelope import topic_of
from kit.events.relay import Relay
from kit.ids import new_id
from services.targets.credits.repository import KEYS
from services.targets.verify import verify
from tests.targets.credits.test_splits import resolved

_FIRST_FACT = (
    "SELECT id, data::text FROM outbox WHERE type = 'targets.order.credited.v1' AND subject = $1 AND sequence = 1"
)


async def publish(world: Any, *orders: Any) -> None:
    """Write orders' events to the log of the customer service and send everything."""
    runtime = world.service.runtime
    async with world.service.transaction() as tx:
        await outbox.add(tx, "customer", orders)
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("targets"), topic_of("customer")])
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(runtime.db, runtime.bus).run(stop))
    waiting = "SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1"
    while await world.service.rows(waiting):  # noqa: ASYNC110  the relay tells nobody when it is done
        await asyncio.sleep(0.02)
    stop.set()
    await relay


async def failing(world: Any) -> dict[str, str]:
    """Checks that fail, with their details."""
    runtime = world.service.runtime
    findings = await verify(runtime.db, runtime.bus)
    await runtime.bus.stop()
    assert all(finding.count for finding in findings if not finding.check.startswith(("reports", "results")))
    return {finding.check: finding.detail for finding in findings if not finding.ok}


@pytest.fixture
def events(world: Any) -> list[Any]:
    order = world.order({"a1": 333_333, "a2": 333_333, "b1": 333_334}, [1000, 1])
    return [
        world.confirmed(order),
        world.returned(order, {1: (0, 333)}),
        world.confirmed(world.order({"b1": 1_000_000}, [0])),
    ]


async def test_honest_crediting_with_a_correction_agrees(world: Any, events: list[Any]) -> None:
    await world.service.deliver(*events[:2])
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    last = world.returned(events[0].payload, {1: (333, 1000), 2: (0, 1)}, "2026-04-01")
    await world.service.deliver(events[2], last)
    await publish(world, *events, last)
    assert await failing(world) == {}


async def test_orders_of_splits_are_judged_by_their_shares(world: Any) -> None:
    account = str(new_id())
    early, late = (
        world.order({"a1": 500_000, "a2": 500_000}, [101, 0], "2026-03-20", account_id=account) for _ in "12"
    )
    heard = [world.confirmed(early), world.returned(early, {1: (0, 33)}, "2026-04-01")]
    split = resolved(world, account, {"b1": 333_333, "a2": 666_667})
    after = [world.confirmed(late), world.returned(late, {1: (0, 33)}), world.returned(early, {1: (33, 101)})]
    await world.service.deliver(*heard)
    await world.service.deliver(split)
    await world.service.deliver(*after)
    await publish(world, *heard, *after)
    assert await failing(world) == {}
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE crediting_split SET member_shares = jsonb_build_object($1::text, 1000000)", account)
    await world.service.runtime.bus.start()
    assert list(await failing(world)) == ["credit lines derived again are equal"]


async def test_a_first_order_that_comes_back_in_steps_agrees(world: Any) -> None:
    """Its new customer stands in the first line and goes with the last piece, of whichever line that is."""
    order = world.order({"a1": 500_000, "b1": 500_000}, [100, 51, 0], is_first_order=True)
    steps = [world.returned(order, {1: (0, 100)}), world.returned(order, {2: (0, 20)})]
    events = [world.confirmed(order), *steps, world.returned(order, {2: (20, 51), 3: (0, 0)})]
    await world.service.deliver(*events)
    await publish(world, *events)
    assert await failing(world) == {}
    assert await world.service.rows("SELECT 1 FROM credit_line HAVING sum(new_customers) <> 0") == []


async def test_each_decision_is_judged_by_its_own_rule(world: Any) -> None:
    order = world.order({"a1": 428_571, "a2": 428_571, "b1": 142_858}, [11, 99, 99])
    old, back = world.confirmed(order), world.returned(order, {1: (0, 10), 2: (0, 33)})
    await world.credited_before(old)
    await world.credited_before(back, 2)
    below = await world.service.rows("SELECT 1 FROM credit_line GROUP BY line_no, member_id HAVING sum(amount) < 0")
    assert len(below) == 1, "the first rule left somebody below zero"
    rest = [world.returned(order, {1: (10, 11), 3: (0, 7)}), world.returned(order, {2: (33, 99), 3: (7, 99)})]
    new = world.confirmed(world.order({"a1": 500_000, "b1": 500_000}, [99] * 30))
    await world.service.deliver(*rest, new)
    await publish(world, old, back, *rest, new)
    assert await failing(world) == {}
    left = await world.service.rows(
        "SELECT 1 FROM credit_line WHERE order_id = $1::uuid HAVING sum(amount) <> 0", order["id"]
    )
    assert left == []


@pytest.mark.parametrize("is_old", [True, False])
async def test_the_rule_of_a_fact_cannot_be_exchanged(world: Any, is_old: bool) -> None:
    order = world.order({"a1": 500_000, "b1": 500_000}, [99] * 30)
    confirmed, returned = world.confirmed(order), world.returned(order, {1: (0, 33)})
    await (world.credited_before(confirmed) if is_old else world.service.deliver(confirmed))
    await world.service.deliver(returned)
    async with world.service.transaction() as tx:
        row = await tx.fetchrow(_FIRST_FACT, order["id"])
        assert row is not None
        data = {**orjson.loads(row["data"]), "rule": 2 if is_old else 1}
        await tx.execute("UPDATE outbox SET data = $2 WHERE id = $1", row["id"], orjson.dumps(data).decode())
    await publish(world, confirmed, returned)
    assert list(await failing(world)) == ["credit lines derived again are equal"]


async def test_an_order_without_a_decision_and_one_too_many(world: Any, events: list[Any]) -> None:
    await world.service.deliver(*events)
    extra = world.confirmed(world.order({"a1": 1_000_000}, [5]))
    await publish(world, *events[:2], extra)
    found = await failing(world)
    assert list(found) == ["one credited fact per confirmed or returned order"]
    assert found.popitem()[1].startswith("2 disagree")


@pytest.mark.parametrize(
    ("column", "change", "check"),
    [
        ("amount", lambda data: data["lines"][0].update(amount=334), "credit lines sum to the order's net amount"),
        (
            "split",
            lambda data: (data["lines"][0].update(amount=332), data["lines"][2].update(amount=335)),
            "credit lines derived again are equal",
        ),
        ("dims", lambda data: data["lines"][0].update(region="XX"), "reversals at the original unit and dimensions"),
    ],
)
async def test_a_damaged_fact_is_found(world: Any, events: list[Any], column: str, change: Any, check: str) -> None:
    await world.service.deliver(*events)
    async with world.service.transaction() as tx:
        row = await tx.fetchrow(_FIRST_FACT, events[0].subject)
        assert row is not None
        data = orjson.loads(row["data"])
        data["lines"].sort(key=lambda line: (line["line_no"], line["amount"]))
        assert [line["amount"] for line in data["lines"][:3]] == [333, 333, 334]
        change(data)
        await tx.execute("UPDATE outbox SET data = $2 WHERE id = $1", row["id"], orjson.dumps(data).decode())
    await publish(world, *events)
    found = await failing(world)
    assert check in found, (column, found)


async def test_a_damaged_ledger_is_found(world: Any, events: list[Any]) -> None:
    await world.service.deliver(*events)
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE credit_bucket SET amount = amount + 1 WHERE amount > 0")
    await publish(world, *events)
    assert list(await failing(world)) == ["ledger and buckets hold what the facts say"]


@pytest.mark.parametrize("measure", ["margin", "cash", "units", "visits", "nps_answers", "lines"])
@pytest.mark.parametrize("table", KEYS)
async def test_a_sum_that_is_wrong_in_one_measure_is_found(
    world: Any, events: list[Any], table: str, measure: str
) -> None:
    await world.service.deliver(*events)
    async with world.service.transaction() as tx:
        await tx.execute(
            f"UPDATE {table} SET {measure} = {measure} + 1 "
            f"WHERE ctid = (SELECT ctid FROM {table} WHERE amount > 0 LIMIT 1)"
        )
    await publish(world, *events)
    found = await failing(world)
    assert list(found) == ["ledger and buckets hold what the facts say"]
    assert f"{measure} of {table}" in found.popitem()[1]
