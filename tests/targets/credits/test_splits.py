"""Splits of resolved conflicts take the place of an order's own credits, whatever comes first."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.conflicts import ConflictResolved
from services.customer.events_out.accounts import AccountMerged
from services.targets.credits.enums import CreditKind, Measure
from services.targets.credits.repository import KEYS, Step
from services.targets.credits.splits import split_anew
from services.targets.events_out import OrderCredited
from tests.targets.conftest import World

DAY = "2026-03-20"
DATES = [date(2026, 3, 20), date(2026, 4, 1), date(2026, 4, 1), date(2026, 5, 1)]


def resolved(world: World, account: str, shares: dict[str, int], **changes: Any) -> Event:
    """A split of an account from 20 March to the end of June 2026."""
    payload = {
        **ConflictResolved.EXAMPLE,
        "id": new_id(),
        "account_id": account,
        "valid_from": DAY,
        "valid_to": "2026-06-30",
        "member_shares": {world.members[code]: share for code, share in shares.items()},
        **changes,
    }
    return make_event(ConflictResolved.TYPE, payload, payload["id"])


def merged(survivor: str, other: str) -> Event:
    ids = {"account_id": survivor, "stream_key": survivor, "survivor_id": survivor, "survivor_stream_key": survivor}
    ids |= {"merged_id": other, "merged_stream_key": other, "merge_id": str(new_id())}
    return make_event(AccountMerged.TYPE, {**AccountMerged.EXAMPLE, **ids}, survivor, subject=survivor)


def sold(world: World, account: str, day: str = DAY, **more: Any) -> dict[str, Any]:
    return world.order({"a1": 600_000, "a2": 400_000}, [10_001, 0, 333], day, account_id=account, **more)


async def balances(service: ServiceHarness) -> list[dict[str, Any]]:
    """What stands by order, line, member, unit and day; what is nothing is left out."""
    return await service.rows(
        "SELECT order_id, line_no, member_id, unit_path, posting_date, product_line, region, sum(amount) AS amount "
        "FROM credit_line GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(amount) <> 0 ORDER BY 1, 2, 3, 5"
    )


async def by_member(service: ServiceHarness, world: World) -> dict[str, int]:
    names = {UUID(member): code for code, member in world.members.items()}
    rows = await service.rows("SELECT member_id, sum(amount)::bigint AS amount FROM credit_line GROUP BY 1")
    return {names[row["member_id"]]: row["amount"] for row in rows if row["amount"]}


async def test_a_split_takes_the_place_of_the_orders_own(service: ServiceHarness, world: World) -> None:
    account = str(new_id())
    split = resolved(world, account, {"b1": 700_000, "a1": 300_000})
    await service.deliver(split)
    await service.deliver(world.confirmed(world.order({"a2": 1_000_000}, [1_000], DAY, account_id=account)))
    assert await by_member(service, world) == {"b1": 700, "a1": 300}
    (fact,) = await service.published(OrderCredited.TYPE)
    assert (fact.payload["reason"], fact.payload["kind"]) == (split.payload["id"], "confirmed")
    assert fact.payload["shares"] == split.payload["member_shares"]
    assert await service.parked() == []


@pytest.mark.parametrize(
    ("day", "is_split"), [("2026-03-19", False), (DAY, True), ("2026-06-30", True), ("2026-07-01", False)]
)
async def test_a_split_holds_on_its_days(service: ServiceHarness, world: World, day: str, is_split: bool) -> None:
    account = str(new_id())
    early, late = (world.order({"a2": 1_000_000}, [1_000], day, account_id=account) for _ in range(2))
    other = world.order({"a2": 1_000_000}, [1_000], day)
    await service.deliver(world.confirmed(early), world.confirmed(other))
    await service.deliver(resolved(world, account, {"b1": 1_000_000}))
    await service.deliver(world.confirmed(late))
    assert await by_member(service, world) == ({"b1": 2_000, "a2": 1_000} if is_split else {"a2": 3_000})
    reasons = ["reason" in fact.payload for fact in await service.published(OrderCredited.TYPE)]
    assert reasons == ([False, False, True, True] if is_split else [False] * 3)


async def test_other_outcomes_change_nothing(service: ServiceHarness, world: World) -> None:
    account = str(new_id())
    nothing: dict[str, Any] = {"member_shares": {}, "partner_shares": {}}
    await service.deliver(
        resolved(world, account, {}, outcome="dismissed", valid_from=None, **nothing),
        resolved(world, account, {}, outcome="keep", **nothing),
    )
    await service.deliver(world.confirmed(sold(world, account)))
    assert await by_member(service, world) == {"a1": 6_200, "a2": 4_134}


async def test_either_order_of_arrival_ends_in_the_same_balances(service: ServiceHarness, world: World) -> None:
    """Of one story with two returns on a day, wherever the resolution comes, and twice."""
    account = str(new_id())
    order = sold(world, account)
    story = [world.confirmed(order), world.returned(order, {1: (0, 7)}), world.returned(order, {1: (7, 17), 3: (0, 9)})]
    shares = {"b1": 333_333, "a2": 333_333, "a1": 333_334}
    split = resolved(world, account, shares)
    ends: list[list[dict[str, Any]]] = []
    for place in range(len(story) + 1):
        for event in [*story[:place], split, split, *story[place:]]:
            await service.deliver(event)
        ends.append(await balances(service))
        async with service.transaction() as tx:
            for table in ("inbox", "crediting_split", "credited_order", "credit_line", *KEYS):
                await tx.execute(f"DELETE FROM {table}")
    assert ends[0], "something stands"
    assert all(end == ends[0] for end in ends)


async def test_the_newest_resolution_counts(service: ServiceHarness, world: World) -> None:
    account = str(new_id())
    newer = resolved(world, account, {"b1": 1_000_000}, resolved_at="2026-02-22T00:00:00Z")
    older = resolved(world, account, {"a1": 1_000_000}, resolved_at="2026-02-21T00:00:00Z")
    await service.deliver(world.confirmed(sold(world, account)))
    await service.deliver(older)
    assert await by_member(service, world) == {"a1": 10_334}
    await service.deliver(newer)
    await service.deliver(older, newer)
    assert await by_member(service, world) == {"b1": 10_334}
    late = resolved(world, account, {"a2": 1_000_000}, resolved_at="2026-02-20T00:00:00Z")
    await service.deliver(late)
    assert await by_member(service, world) == {"b1": 10_334}


async def test_merged_accounts_are_one(service: ServiceHarness, world: World) -> None:
    kept, other = str(new_id()), str(new_id())
    await service.deliver(resolved(world, kept, {"b1": 1_000_000}))
    await service.deliver(world.confirmed(sold(world, other)))
    assert "b1" not in await by_member(service, world)
    await service.deliver(merged(kept, other))
    await service.deliver(world.confirmed(sold(world, other)))
    assert (await by_member(service, world))["b1"] == 10_334, "from then on"


async def test_at_once_with_orders_nothing_is_left_behind(service: ServiceHarness, world: World) -> None:
    account = str(new_id())
    orders = [world.confirmed(sold(world, account)) for _ in range(5)]
    split = resolved(world, account, {"b1": 1_000_000})
    await asyncio.gather(*(service.deliver_alone(event) for event in [*orders[:3], split, *orders[3:]]))
    assert await by_member(service, world) == {"b1": 5 * 10_334}
    assert await service.parked() == []


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=3), st.integers(1, 999_999), st.data())
def test_what_is_split_anew_sums_to_what_was_posted(amounts: list[int], share: int, data: st.DataObject) -> None:
    order_id, one, other = new_id(), new_id(), new_id()
    steps = [Step(order_id, 1, CreditKind.CONFIRMED, DATES[0], line, amount) for line, amount in enumerate(amounts, 1)]
    left = dict(enumerate(amounts, 1))
    for number, day in enumerate(DATES[1:], 2):
        for line, amount in left.items():
            back = data.draw(st.integers(0, amount))
            left[line] -= back
            steps.append(Step(order_id, number, CreditKind.RETURNED, day, line, -back))
    days = split_anew(order_id, steps, {one: share, other: 1_000_000 - share})
    cells_of = {day: measured[Measure.AMOUNT] for day, measured in days.items()}
    for day, cells in cells_of.items():
        for line in left:
            said = sum(step.amount for step in steps if step.posting_date == day and step.line_no == line)
            assert sum(amount for (number, _member), amount in cells.items() if number == line) == said
    for line, amount in left.items():
        assert sum(cells.get((line, member), 0) for cells in cells_of.values() for member in (one, other)) == amount
