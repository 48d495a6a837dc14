"""Crediting of confirmed and returned orders: exact, once, in the units of the order date."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import make_event


def path(world: Any, *codes: str) -> list[UUID]:
    return [UUID(world.units[code]) for code in codes]


async def test_an_order_is_credited_to_its_sellers_in_their_units(world: Any) -> None:
    order = world.order({"a1": 600_000, "b1": 400_000}, [411, 100])
    await world.service.deliver(world.confirmed(order))
    lines = await world.lines()
    assert [(str(line["member_id"]), line["line_no"], line["amount"]) for line in lines] == [
        (world.members["a1"], 1, 247),
        (world.members["b1"], 1, 164),
        (world.members["a1"], 2, 60),
        (world.members["b1"], 2, 40),
    ]
    assert lines[0]["unit_path"] == path(world, "company", "north", "team-a")
    assert lines[1]["unit_path"] == path(world, "company", "south", "team-b")
    assert [line["product_line"] for line in lines] == [None, None, "rock", "rock"]
    (fact,) = await world.service.published("targets.order.credited.v1")
    assert (fact.key, fact.subject, fact.sequence) == (order["stream_key"], order["id"], 1)
    assert (fact.payload["amount"], fact.payload["kind"]) == (511, "confirmed")
    assert fact.causation_id == fact.payload["source_event_id"]


async def test_a_member_without_unit_on_the_order_date_and_an_unknown_one_are_unassigned(world: Any) -> None:
    stranger = str(new_id())
    await world.service.deliver(
        world.confirmed(world.order({"a1": 1_000_000}, [100], "2025-12-31")),
        world.confirmed(world.order({stranger: 1_000_000}, [70])),
    )
    assert sorted((line["amount"], line["unit_path"]) for line in await world.lines()) == [(70, []), (100, [])]
    items = (await world.attainment(group_by="unit"))["items"]
    assert [(item["key"], item["actual"]) for item in items] == [(None, 170)]


async def test_the_same_events_again_credit_nothing_more(world: Any) -> None:
    order = world.order({"a1": 600_000, "b1": 400_000}, [411])
    confirmed, returned = world.confirmed(order), world.returned(order, {1: (0, 137)})
    await world.service.deliver(confirmed, confirmed, returned, returned)
    before = await world.lines()
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await world.service.deliver(confirmed, returned)
    assert await world.lines() == before
    assert len(await world.service.published("targets.order.credited.v1")) == 2
    assert await world.service.parked() == []


async def test_one_event_in_two_consumers_at_once_is_credited_once(world: Any) -> None:
    for _ in range(5):
        event = world.confirmed(world.order({"a1": 1_000_000}, [100]))
        await asyncio.gather(*(world.service.deliver(event) for _ in range(3)))
    assert len(await world.service.published("targets.order.credited.v1")) == 5
    assert [line["amount"] for line in await world.lines()] == [100] * 5


async def test_returns_reverse_at_the_original_unit_and_split_until_all_is_zero(world: Any) -> None:
    order = world.order({"a1": 333_333, "a2": 333_333, "b1": 333_334}, [1000, 1])
    await world.service.deliver(world.confirmed(order))
    moved = await world.service.post(
        f"/v1/members/{world.members['a1']}/move", {"unit_id": world.units["team-b"], "from": "2026-02-20"}
    )
    assert moved.status_code == 200, moved.text
    await world.service.deliver(
        world.returned(order, {1: (0, 333)}),
        world.returned(order, {1: (333, 667), 2: (0, 1)}),
        world.returned(order, {1: (667, 1000)}, "2026-04-01"),
    )
    rows = await world.service.rows(
        "SELECT member_id, line_no, unit_path, sum(amount)::int AS amount FROM credit_line GROUP BY 1, 2, 3"
    )
    assert len(rows) == 6
    assert {row["amount"] for row in rows} == {0}
    facts = await world.service.published("targets.order.credited.v1")
    assert [(fact.sequence, fact.payload["amount"]) for fact in facts] == [(1, 1001), (2, -333), (3, -335), (4, -333)]
    assert facts[3].payload["posting_date"] == "2026-04-01"


async def balances(world: Any) -> dict[str, int]:
    """What stands by member code."""
    codes = {member: code for code, member in world.members.items()}
    rows = await world.service.rows("SELECT member_id, sum(amount)::int AS amount FROM credit_line GROUP BY 1")
    return {codes[str(row["member_id"])]: row["amount"] for row in rows}


@pytest.mark.parametrize(
    ("count", "net", "shares", "expected"),
    [
        (300, 99, {"a1": 500_000, "b1": 500_000}, {"a1": 14_850, "b1": 14_850}),
        (200, 4, {"a1": 900_000, "b1": 100_000}, {"a1": 720, "b1": 80}),
    ],
)
async def test_the_odd_cents_of_many_lines_go_to_everybody_in_turn(
    world: Any, count: int, net: int, shares: dict[str, int], expected: dict[str, int]
) -> None:
    order = world.order(shares, [net] * count)
    await world.service.deliver(world.confirmed(order))
    assert await balances(world) == expected
    (fact,) = await world.service.published("targets.order.credited.v1")
    assert fact.payload["rule"] == 3


async def test_a_return_credits_nobody_and_leaves_nobody_below_zero(world: Any) -> None:
    order = world.order({"a1": 428_571, "a2": 428_571, "b1": 142_858}, [11])
    await world.service.deliver(world.confirmed(order))
    assert await balances(world) == {"a1": 5, "a2": 5, "b1": 1}
    await world.service.deliver(world.returned(order, {1: (0, 6)}), world.returned(order, {1: (6, 10)}))
    left = await balances(world)
    assert (left["a1"] + left["a2"], left["b1"]) == (1, 0)
    await world.service.deliver(world.returned(order, {1: (10, 11)}))
    assert set((await balances(world)).values()) == {0}
    returned = [line["amount"] for line in await world.lines() if line["kind"] == "returned"]
    assert len(returned) == 9
    assert max(returned) <= 0


async def test_a_return_starts_from_what_stands_whatever_rule_credited_it(world: Any) -> None:
    order = world.order({"a1": 500_000, "b1": 500_000}, [99] * 10)
    await world.credited_before(world.confirmed(order))
    before = await balances(world)
    assert sorted(before.values()) == [490, 500]
    await world.service.deliver(world.returned(order, dict.fromkeys(range(1, 11), (0, 50))))
    assert await balances(world) == {"a1": 245, "b1": 245}, "who had the odd cents gives them back first"
    await world.service.deliver(world.returned(order, dict.fromkeys(range(1, 11), (50, 99))))
    assert await balances(world) == {"a1": 0, "b1": 0}
    facts = await world.service.published("targets.order.credited.v1")
    assert [fact.payload.get("rule") for fact in facts] == [None, 3, 3]


async def test_more_than_stands_credited_parks_its_key(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.events.inbox.MAX_ATTEMPTS", 1)
    order = world.order({"a1": 1_000_000}, [500])
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 501)}))
    assert [row["key"] for row in await world.service.parked()] == [order["stream_key"]]
    assert await balances(world) == {"a1": 500}


async def test_confirmation_and_return_in_one_batch(world: Any) -> None:
    order = world.order({"a1": 1_000_000}, [500])
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 500)}))
    assert [line["amount"] for line in await world.lines()] == [500, -500]


async def test_a_return_of_an_order_never_credited_parks_its_key(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.events.inbox.MAX_ATTEMPTS", 1)
    order = world.order({"a1": 1_000_000}, [500])
    other = world.order({"a1": 1_000_000}, [70])
    await world.service.deliver(world.returned(order, {1: (0, 500)}), world.confirmed(other))
    assert [row["key"] for row in await world.service.parked()] == [order["stream_key"]]
    assert [line["amount"] for line in await world.lines()] == [70]


async def test_a_malformed_event_parks_its_key_only(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.events.inbox.MAX_ATTEMPTS", 1)
    key = new_id()
    await world.service.deliver(
        make_event("customer.order.confirmed.v1", {"id": str(key)}, key),
        world.confirmed(world.order({"a1": 1_000_000}, [70])),
    )
    assert {row["key"] for row in await world.service.parked()} == {str(key)}
    assert [line["amount"] for line in await world.lines()] == [70]


async def test_buckets_are_the_sums_of_their_lines_for_a_large_batch_in_parallel(world: Any) -> None:
    draw = random.Random(7)
    codes = ["a1", "a2", "b1"]
    events = []
    for _ in range(200):
        share = draw.randint(1, 999_999)
        pair = draw.sample(codes, 2)
        order = world.order(
            {pair[0]: share, pair[1]: 1_000_000 - share},
            [draw.randint(-50, 99_999) for _ in range(3)],
            f"2026-0{draw.randint(1, 3)}-1{draw.randint(0, 3)}",
        )
        events.append(world.confirmed(order))
    halves = [[e for e in events if hash_half(e.key) == half] for half in (0, 1)]
    await asyncio.gather(*(world.service.deliver(*half) for half in halves))
    assert len(await world.service.published("targets.order.credited.v1")) == 200
    differing = await world.service.rows(
        "SELECT 1 FROM (SELECT member_id, posting_date AS day, unit_path, coalesce(product_line, '') AS product_line, "
        "coalesce(region, '') AS region, coalesce(customer_type, '') AS customer_type, sum(amount)::bigint AS amount, "
        "count(*) AS lines FROM credit_line GROUP BY 1, 2, 3, 4, 5, 6) s FULL JOIN credit_bucket b USING (member_id, "
        "day, unit_path, product_line, region, customer_type) "
        "WHERE b.amount IS DISTINCT FROM s.amount OR b.lines IS DISTINCT FROM s.lines"
    )
    assert differing == []
    (total,) = await world.service.rows("SELECT sum(amount)::bigint AS amount FROM credit_bucket")
    assert total["amount"] == sum(event.payload["net_base"] for event in events)


def hash_half(key: str) -> int:
    """Keys of one partition go to one consumer."""
    from kit.events.partitions import partition_of

    return partition_of(key) % 2


async def test_an_order_that_was_closed_gives_back_as_any_other(world: Any) -> None:
    order = world.order({"a1": 1_000_000}, [500])
    after = {**order, "state": "closed"}
    closed = make_event("customer.order.closed.v1", after, order["stream_key"], sequence=4)
    await world.service.deliver(world.confirmed(order), closed, world.returned(after, {1: (0, 200)}))
    assert [line["amount"] for line in await world.lines()] == [500, -200]
    assert await world.service.parked() == []
