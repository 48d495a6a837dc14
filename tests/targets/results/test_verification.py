"""The audit agrees with honest crediting of results, and finds each kind of damage; a rebuild equals live."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.ids import new_id
from services.targets.events_out import OrderCredited, ResultCredited
from tests.targets.conftest import World
from tests.targets.credits.test_splits import resolved
from tests.targets.results.heard import Payment, account, answer, moved, opportunity, visit
from tests.targets.territories.accounts import merge
from tests.targets.test_verify import failing, publish

ONCE, EXACT = "results have one credited fact each", "results derived again are equal"
SUMS = "ledger and buckets hold what the facts say"
MOVE = {"from": "2026-02-01", "correction": True}


async def told(world: World) -> list[Event]:
    """All that happens to results, which the service has heard; what customer said of it."""
    one, other = str(new_id()), str(new_id())
    order = world.order({"a1": 600_000, "a2": 400_000}, [1_001, 333], "2026-03-20", stream_key=one, account_id=one)
    first, second, apart = Payment(order), Payment(order), Payment({**order, "account_id": other}, key=other)
    deal = opportunity(world, one)
    begin = [account(world, one), first.received((order, 300)), world.confirmed(order)]
    await world.service.deliver(*begin)
    middle = [
        *(
            visit(world, one, "a1"),
            second.received((order, 200)),
            answer(world, one, "a1", "nps", 9, order_id=order["id"]),
        ),
        *(moved(deal, "won", "2026-02-10"), moved(deal, "reopened", "2026-03-01"), answer(world, one, "a1", "csat", 2)),
    ]
    await world.service.deliver(*middle)
    await world.service.deliver(merge(other, one, str(new_id())))
    strange = apart.received((order, 77))
    await world.service.deliver(strange)
    body = {"unit_id": world.units["team-b"], **MOVE}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    await world.service.deliver(resolved(world, one, {"b1": 333_333, "a2": 666_667}))
    last = [second.refunded((order, 50)), first.voided((order, 300)), moved(deal, "lost", "2026-03-09")]
    await world.service.deliver(*last)
    return [*begin, *middle, strange, *last]


async def test_honest_results_agree_and_are_rebuilt_equal(world: World) -> None:
    heard = await told(world)
    await publish(world, *heard)
    assert await failing(world) == {}
    runtime = world.service.runtime
    await runtime.bus.start()
    report = await rebuild(runtime.db, runtime.bus, world.service.subscriptions, "credits", swap=True)
    assert report.equal, report.as_dict()
    await runtime.bus.stop()


async def test_what_was_kept_is_rebuilt_equal(world: World) -> None:
    heard = await told(world)
    before = await world.service.rows("SELECT * FROM order_cash ORDER BY event_id, ordinal")
    assert len(before) == 5
    runtime = world.service.runtime
    await runtime.bus.start()
    await runtime.bus.ensure_topics([topic_of("customer"), topic_of("targets")])
    messages = [Message(key=one.key, value=one.data, headers=tuple(to_headers(one))) for one in heard]
    await runtime.bus.publish(topic_of("customer"), messages)
    for name in ("order_cash", "kpi_account"):
        report = await rebuild(runtime.db, runtime.bus, world.service.subscriptions, name, swap=True)
        assert report.equal, report.as_dict()
    await runtime.bus.stop()
    assert await world.service.rows("SELECT * FROM order_cash ORDER BY event_id, ordinal") == before


async def change(world: World, kind: str, changed: Any) -> None:
    async with world.service.transaction() as tx:
        row = await tx.fetchrow(
            "SELECT id, data::text FROM outbox WHERE type = $1 AND data::jsonb->>'kind' = $2 ORDER BY id LIMIT 1",
            ResultCredited.TYPE,
            kind,
        )
        assert row is not None
        data = orjson.loads(row["data"])
        changed(data)
        await tx.execute("UPDATE outbox SET data = $2 WHERE id = $1", row["id"], orjson.dumps(data).decode())


def _moved_cents(data: dict[str, Any]) -> None:
    data["lines"][0]["cash"] += 1
    data["lines"][1]["cash"] -= 1


@pytest.mark.parametrize(
    ("kind", "changed", "found"),
    [
        ("paid", _moved_cents, [EXACT]),
        ("paid", lambda data: data["lines"][0].update(cash=1), [ONCE, EXACT]),
        ("paid", lambda data: data["lines"][0].update(region="XX"), [EXACT]),
        ("voided", lambda data: data.update(posting_date="2026-01-01"), [ONCE]),
        ("visited", lambda data: data["lines"][0].update(visits=999), [EXACT]),
        ("visited", lambda data: data.update(posting_date="2026-01-01"), [ONCE]),
        ("reopened", lambda data: data["lines"][0].update(won=-999), [EXACT]),
        ("answered", lambda data: data["lines"][0].update(detractors=600, promoters=0), [ONCE, EXACT]),
    ],
)
async def test_a_damaged_fact_is_found(world: World, kind: str, changed: Any, found: list[str]) -> None:
    heard = await told(world)
    await change(world, kind, changed)
    await publish(world, *heard)
    assert set(found) <= (await failing(world)).keys() <= {ONCE, EXACT, SUMS}


@pytest.mark.parametrize("kind", ["paid", "visited", "reopened", "answered"])
async def test_a_missing_fact_is_found(world: World, kind: str) -> None:
    heard = await told(world)
    async with world.service.transaction() as tx:
        await tx.execute(
            "DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox WHERE type = $1 AND data::jsonb->>'kind' = $2)",
            ResultCredited.TYPE,
            kind,
        )
    await publish(world, *heard)
    assert ONCE in await failing(world)


async def test_what_an_earlier_release_did_not_credit_is_right(world: World) -> None:
    one = str(new_id())
    order = world.order({"a1": 1_000_000}, [1_000], stream_key=one, account_id=one)
    payment = Payment(order)
    confirmed, old = world.confirmed(order), [payment.received((order, 400)), visit(world, one, "a1")]
    await world.credited_before(confirmed)
    new = [payment.allocated((order, 100)), payment.refunded((order, 300)), visit(world, one, "a1")]
    new += [world.returned(order, {1: (0, 10)})]
    await world.service.deliver(*new)
    await publish(world, confirmed, *old, *new)
    assert await failing(world) == {}
    assert len(await world.service.published(OrderCredited.TYPE)) == 2
    (row,) = await world.service.rows("SELECT sum(cash)::int AS cash, sum(visits)::int AS visits FROM credit_line")
    assert (row["cash"], row["visits"]) == (0, 1_000)
