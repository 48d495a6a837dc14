"""Merges of accounts move no line, so nobody is told anything; what a split moves after one is told to both sides."""

from __future__ import annotations

from kit.ids import new_id
from tests.targets.alerts.conftest import Days
from tests.targets.conftest import World
from tests.targets.credits.test_splits import merged, resolved
from tests.targets.updates.test_updates import MINUTE, TODAY, begin, told, turn


async def test_a_merge_tells_nothing_and_a_split_after_it_tells_both_sides(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    kept, other = str(new_id()), str(new_id())
    company = await begin(world)
    whose = {code: await begin(world, member_id=world.members[code]) for code in ("a1", "b1")}
    for account, amount in ((kept, 100), (other, 30)):
        order = world.order({"a1": 1_000_000}, [amount], str(TODAY), account_id=account)
        await world.service.deliver(world.confirmed(order))
    days.moment += MINUTE
    await turn(world)
    before = await told(world)
    assert sorted(before) == sorted([(company, 130), (whose["a1"], 130)])
    await world.service.deliver(merged(kept, other))
    days.moment += MINUTE
    await turn(world)
    assert await world.service.rows("SELECT 1 FROM credit_mark") == []
    assert await told(world) == before, "a merge credits nothing to anybody"
    await world.service.deliver(resolved(world, kept, {"b1": 1_000_000}, valid_from="2026-02-01"))
    days.moment += MINUTE
    await turn(world)
    new = (await told(world))[len(before) :]
    assert sorted(new) == sorted([(whose["a1"], 0), (whose["b1"], 130)]), (
        "orders of both accounts; the company has as much"
    )


async def test_an_order_of_a_merged_account_is_told_to_who_has_its_split(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    kept, other = str(new_id()), str(new_id())
    whose = {code: await begin(world, member_id=world.members[code]) for code in ("a1", "b1")}
    await world.service.deliver(resolved(world, kept, {"b1": 1_000_000}, valid_from="2026-02-01"), merged(kept, other))
    order = world.order({"a1": 1_000_000}, [70], str(TODAY), account_id=other)
    await world.service.deliver(world.confirmed(order))
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(whose["b1"], 70)]
    await world.service.deliver(world.returned(order, {1: (0, 70)}, str(TODAY)))
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(whose["b1"], 70), (whose["b1"], 0)]
