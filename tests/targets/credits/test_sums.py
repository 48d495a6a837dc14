"""The sums of the credits: labels that everybody makes alike, and workers that add to the same rows at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.targets.credits.lists import label_of, label_sql
from services.targets.credits.repository import KEYS
from tests.targets.conftest import World

HALF = {"a1": 500_000, "b1": 500_000}


@given(
    st.sampled_from(("unit", "region", "product_line")), st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_a_label_is_that_of_the_database(world: World, kind: str, value: str) -> None:
    async with world.service.transaction() as tx:
        assert label_of(kind, value) == await tx.fetchval(f"SELECT {label_sql(kind, '$1::text')}", value)


async def credit(world: World, orders: list[Any]) -> None:
    """Orders in one transaction, as a worker of its own."""
    events = [world.confirmed(order) for order in orders]
    async with world.service.transaction() as tx:
        for lane in world.service.subscriptions.lanes:
            if events[0].type in lane.handlers:
                await lane.handle(world.service.work(tx), events)


async def test_workers_at_once_sum_the_same_rows(world: World) -> None:
    """Batches whose orders are of the same days, units and products in other orders wait for each other and lose
    nothing."""
    orders = [world.order(HALF, [100 + number, 7], f"2026-02-{1 + number % 3:02d}") for number in range(24)]
    batches = [orders[start::4] for start in range(4)]
    await asyncio.gather(*(credit(world, batch if number % 2 else batch[::-1]) for number, batch in enumerate(batches)))
    (wanted,) = await world.service.rows("SELECT sum(amount)::bigint AS amount, count(*) AS lines FROM credit_line")
    assert (wanted["amount"], wanted["lines"]) == (sum(107 + number for number in range(24)), 96)
    for table in KEYS:
        (held,) = await world.service.rows(
            f"SELECT sum(amount)::bigint AS amount, sum(lines)::bigint AS lines FROM {table}"
        )
        assert held == wanted, table


@pytest.mark.parametrize("table", KEYS)
async def test_what_comes_back_in_full_leaves_nothing(world: World, table: str) -> None:
    order: Any = world.order(HALF, [100, 7], "2026-02-02")
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 100), 2: (0, 7)}, "2026-02-02"))
    assert await world.service.rows(f"SELECT 1 FROM {table} WHERE amount <> 0 OR units <> 0 OR gross <> 0") == []
