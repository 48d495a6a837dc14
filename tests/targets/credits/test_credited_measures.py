"""Measures in the ledger: with orders, returns, moves, splits and late launches; a rebuild gives the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import make_event
from services.targets.credits.enums import MEASURES
from services.targets.credits.repository import KEYS
from services.targets.subscriptions import subscriptions
from tests.targets.conftest import World
from tests.targets.credits.test_splits import resolved
from tests.targets.test_verify import failing, publish

CHANNEL = "01989f2e-0000-7000-8000-0000000000b2"
HALF = {"a1": 600_000, "b1": 400_000}


def line(number: int, net: int, pieces: int, margin: int | None, sku: str = "CD") -> dict[str, Any]:
    return {
        **{"line_no": number, "product_line": "rock", "net_base": net, "gross_base": net * 113 // 100},
        **{"quantity": pieces, "margin_base": margin, "sku": sku},
    }


def ordered(world: World, shares: dict[str, int], *lines: dict[str, Any], day: str = "2026-02-14", **more: Any) -> Any:
    """An order of a channel, the first of its account."""
    same = {"channel_id": CHANNEL, "is_first_order": True, **more}
    return world.order(shares, [one["net_base"] for one in lines], day, lines=list(lines), **same)


def back(world: World, order: Any, pieces: dict[int, tuple[int, int]], day: str = "2026-03-01") -> Event:
    """Pieces of an order came back, before and after by line."""
    lines = {one["line_no"]: one for one in order["lines"]}

    def part(number: int, name: str, count: int) -> int:
        return int(lines[number][name] * count // lines[number]["quantity"])

    event = world.returned(
        order,
        {n: (part(n, "net_base", before), part(n, "net_base", after)) for n, (before, after) in pieces.items()},
        day,
    )
    moved = [
        one
        | {"returned_before": pieces[one["line_no"]][0], "returned_after": pieces[one["line_no"]][1]}
        | {
            "gross_base": -(
                part(one["line_no"], "gross_base", pieces[one["line_no"]][1])
                - part(one["line_no"], "gross_base", pieces[one["line_no"]][0])
            )
        }
        for one in event.payload["returned_lines"]
    ]
    return make_event(event.type, {**event.payload, "returned_lines": moved}, event.key, sequence=5)


def product(sku: str, launched_on: str | None, version: int = 1) -> Event:
    data = {"id": str(new_id()), "sku": sku, "product_line": "rock", "is_active": True, "version": version}
    return make_event("channels.product.changed.v1", data | {"launch_date": launched_on}, data["id"])


async def sums(world: World, where: str = "TRUE") -> dict[str, int]:
    """What all lines come to by measure; what is 0 is left out."""
    columns = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
    (row,) = await world.service.rows(f"SELECT {columns} FROM credit_line WHERE {where}")
    for table in KEYS:
        assert where != "TRUE" or (await world.service.rows(f"SELECT {columns} FROM {table}"))[0] == row, table
    return {name: value for name, value in row.items() if value}


async def test_an_order_is_credited_in_every_measure(world: World) -> None:
    await world.service.deliver(product("CD", "2025-02-15"), product("OLD", None))
    order = ordered(world, HALF, line(1, 600, 3, 200), line(2, 400, 2, None, "OLD"))
    await world.service.deliver(world.confirmed(order))
    assert await sums(world) == {
        **{"amount": 1_000, "margin": 200, "costed_net": 600, "gross": 1_130, "units": 5_000},
        **{"new_product": 600, "new_customers": 1_000},
    }
    (fact,) = await world.service.published("targets.order.credited.v1")
    assert (fact.payload["rule"], fact.payload["channel_id"]) == (3, CHANNEL)
    first, *_ = fact.payload["lines"]
    assert {name: first[name] for name in first.keys() & set(MEASURES)} == {
        **{"amount": 360, "margin": 120, "gross": 407, "units": 1_800, "new_product": 360, "new_customers": 600},
    }
    (last,) = [one for one in fact.payload["lines"] if one["line_no"] == 2 and one["member_id"] == world.members["b1"]]
    assert "margin" not in last
    await world.service.deliver(back(world, order, {1: (0, 1)}))
    assert await sums(world) == {
        **{"amount": 800, "margin": 133, "costed_net": 400, "gross": 904, "units": 4_000},
        **{"new_product": 400, "new_customers": 1_000},
    }
    await world.service.deliver(back(world, order, {1: (1, 3), 2: (0, 2)}, "2026-04-01"))
    assert await sums(world) == {}
    assert await sums(world, "posting_date = '2026-04-01'") == {
        **{"amount": -800, "margin": -133, "costed_net": -400, "gross": -904, "units": -4_000},
        **{"new_product": -400, "new_customers": -1_000},
    }


async def test_a_return_of_what_an_earlier_rule_credited(world: World) -> None:
    order = ordered(world, HALF, line(1, 600, 3, 200))
    await world.credited_before(world.confirmed(order))
    assert await sums(world) == {"amount": 600}
    assert {row["margin"] for row in await world.lines()} == {None}
    await world.service.deliver(back(world, order, {1: (0, 3)}))
    assert await sums(world) == {}
    assert {row["margin"] for row in await world.lines()} == {None}
    assert await world.service.parked() == []


async def test_a_correction_moves_all_measures(world: World) -> None:
    await world.service.deliver(product("CD", "2025-02-15"))
    order = ordered(world, {"a1": 1_000_000}, line(1, 600, 3, 0))
    await world.service.deliver(world.confirmed(order), back(world, order, {1: (0, 1)}))
    before = await sums(world)
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    assert await sums(world) == before
    assert await sums(world, f"'{world.units['team-b']}' = ANY(unit_path)") == before
    assert await sums(world, f"'{world.units['team-a']}' = ANY(unit_path)") == {}
    assert {str(row["channel_id"]) for row in await world.lines()} == {CHANNEL}
    await world.service.deliver(back(world, order, {1: (1, 3)}))
    assert await sums(world) == {}


async def test_a_split_moves_all_measures_on_their_own_days(world: World) -> None:
    await world.service.deliver(product("CD", "2025-04-15"))
    account = str(new_id())
    order = ordered(world, HALF, line(1, 1_001, 7, 333), day="2026-03-20", account_id=account)
    await world.service.deliver(world.confirmed(order), back(world, order, {1: (0, 2)}, "2026-04-02"))
    whole, march = await sums(world), await sums(world, "posting_date < '2026-04-01'")
    await world.service.deliver(resolved(world, account, {"a2": 333_333, "b1": 666_667}))
    assert (await sums(world), await sums(world, "posting_date < '2026-04-01'")) == (whole, march)
    assert await sums(world, f"member_id = '{world.members['a1']}'") == {}
    mine = await sums(world, f"member_id = '{world.members['a2']}' AND posting_date < '2026-04-01'")
    assert (mine["units"], mine["margin"], mine["new_customers"]) == (2_333, 111, 333)
    await world.service.deliver(back(world, order, {1: (2, 7)}, "2026-05-01"))
    assert await sums(world) == {}


@pytest.mark.parametrize("launched_on", ["2025-02-15", "2025-02-14", None])
async def test_a_launch_that_is_heard_of_late_is_decided_once(world: World, launched_on: str | None) -> None:
    order = ordered(world, HALF, line(1, 600, 3, 200), line(2, 401, 2, None, "LATE"))
    await world.service.deliver(product("CD", None))
    await world.service.deliver(world.confirmed(order), back(world, order, {2: (0, 1)}))
    assert "new_product" not in await sums(world)
    await world.service.deliver(product("LATE", launched_on))
    is_new = launched_on == "2025-02-15"
    assert (await sums(world)).get("new_product", 0) == (201 if is_new else 0)
    assert (await sums(world, "posting_date = '2026-03-01'")).get("new_product", 0) == (-200 if is_new else 0)
    await world.service.deliver(product("LATE", "2026-01-01", 2))
    assert (await sums(world)).get("new_product", 0) == (201 if is_new else 0), "decided once"
    await world.service.deliver(back(world, order, {1: (0, 3), 2: (1, 2)}))
    assert await sums(world) == {}


async def test_a_late_launch_and_a_split_in_either_order(world: World) -> None:
    found = []
    for split_first in (True, False):
        account = str(new_id())
        sku = f"S{split_first}"
        order = ordered(world, HALF, line(1, 601, 3, None, sku), day="2026-03-20", account_id=account)
        await world.service.deliver(world.confirmed(order), back(world, order, {1: (0, 1)}, "2026-04-02"))
        events = [resolved(world, account, {"a2": 1_000_000}), product(sku, "2026-01-01")]
        for event in events if split_first else reversed(events):
            await world.service.deliver(event)
        own = f"order_id = '{order['id']}'"
        found.append(
            [await sums(world, f"{own} AND member_id = '{world.members[code]}'") for code in ("a1", "a2", "b1")]
        )
    assert found[0] == found[1]
    assert found[0][1]["new_product"] == found[0][1]["amount"] == 401
    assert (found[0][0], found[0][2]) == ({}, {})


async def test_a_product_and_its_first_order_at_once_leave_no_line_behind(world: World) -> None:
    for number in range(4):
        sku = f"N{number}"
        order = ordered(world, {"a1": 1_000_000}, line(1, 100, 1, None, sku))
        events = [world.confirmed(order), product(sku, "2026-02-01")]
        await asyncio.gather(*(world.service.deliver_alone(event) for event in events))
    assert (await sums(world))["new_product"] == 400
    assert await world.service.rows("SELECT 1 FROM unlaunched_line") == []
    assert await world.service.parked() == []


async def test_verify_agrees_and_a_rebuild_is_equal(world: World) -> None:
    account = str(new_id())
    await world.service.deliver(product("CD", "2025-12-01"))
    orders = [
        ordered(world, HALF, line(1, 601, 3, 200), line(2, 401, 2, None, "LATE")),
        ordered(world, HALF, line(1, 1_001, 7, -333), day="2026-03-20", account_id=account, channel_id=None),
        ordered(world, {"a1": 1_000_000}, line(1, 0, 1, -50)),
    ]
    heard = [*(world.confirmed(one) for one in orders), back(world, orders[0], {1: (0, 1), 2: (0, 1)})]
    await world.service.deliver(*heard)
    await world.service.deliver(product("LATE", "2026-01-01"), resolved(world, account, {"a2": 333_333, "b1": 666_667}))
    body = {"unit_id": world.units["team-b"], "from": "2026-02-01", "correction": True}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", body)).status_code == 200
    last = [back(world, orders[0], {1: (1, 3)}), back(world, orders[1], {1: (0, 5)}, "2026-05-01")]
    await world.service.deliver(*last)
    await publish(world, *heard, *last)
    assert await failing(world) == {}
    runtime = world.service.runtime
    await runtime.bus.start()
    try:
        report = await rebuild(runtime.db, runtime.bus, subscriptions, "credits", swap=True)
    finally:
        await runtime.bus.stop()
    assert report.equal, report.as_dict()
