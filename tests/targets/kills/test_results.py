"""A result that is credited, and killed at one statement after the other, is credited whole and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from kit.events.envelope import Event
from services.targets.credits.repository import KEYS
from services.targets.events_out import ResultCredited
from tests.customer.kills.lives import Lives
from tests.targets.conftest import World
from tests.targets.credits.test_splits import resolved
from tests.targets.results.heard import Payment, account, answer, moved, opportunity, visit
from tests.targets.results.test_cash import sold

LINES = """
SELECT kind, line_no, member_id, posting_date, amount, cash, visits, won, lost, answers, csat_top, nps_answers,
       promoters
FROM credit_line WHERE account_id = $1
"""
SUMMED = ("amount", "cash", "visits", "won", "lost", "answers", "nps_answers", "lines")


def story(world: World) -> tuple[str, list[Event]]:
    """All kinds of results of an account, with a correction of the shares at the end."""
    order = sold(world, 67_800, 45_200, order_date="2026-03-25")
    customer, paid, deal = order["account_id"], Payment(order), opportunity(world, order["account_id"])
    events = [
        account(world, customer),
        paid.received((order, 50_000)),
        world.confirmed(order),
        paid.allocated((order, 60_001)),
        paid.refunded((order, 10_000)),
        visit(world, customer, "a1"),
        moved(deal, "won", "2026-02-20"),
        moved(deal, "reopened", "2026-02-25"),
        moved(deal, "lost", "2026-03-01"),
        answer(world, customer, "a1", "nps", 9, order_id=order["id"]),
        answer(world, customer, "a1", "csat", 5),
        resolved(world, customer, {"b1": 333_333, "a2": 666_667}),
        paid.voided((order, 60_001)),
    ]
    return customer, events


async def until_it_is_handled(world: World, lives: Lives, event: Event) -> int:
    """How many lives an event took; each handler of it lives a statement longer than the one before."""
    dead = 0
    while True:
        with lives.life(1 + dead) as life:
            try:
                await world.service.deliver_alone(event)
            except Exception:
                if not life.is_over:
                    raise
        if not life.is_over:
            return dead
        assert await torn(world) == []
        dead += 1


async def torn(world: World) -> Sequence[Any]:
    """Measures of which lines and daily or monthly sums, or facts and lines, are not one."""
    found = []
    for table in KEYS:
        of_lines = ", ".join("count(*)" if name == "lines" else f"coalesce(sum({name}), 0)" for name in SUMMED)
        of_sums = ", ".join(f"coalesce(sum({name}), 0)" for name in SUMMED)
        sql = f"SELECT {of_lines} FROM credit_line EXCEPT SELECT {of_sums} FROM {table}"
        found += await world.service.rows(sql)
    said = await world.service.published(ResultCredited.TYPE, "targets.order.credited.v1")
    lines = await world.service.rows("SELECT count(*) AS n FROM credit_line")
    if lines[0]["n"] != sum(len(event.payload["lines"]) for event in said):
        found += lines
    return found


async def credited(world: World, customer: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in await world.service.rows(LINES, customer))


async def test_results_of_all_kinds(world: World, lives: Lives) -> None:
    calm, undisturbed = story(world)
    for event in undisturbed:
        await world.service.deliver_alone(event)
    killed, events = story(world)
    deaths = [await until_it_is_handled(world, lives, event) for event in events]
    assert min(deaths[1:]) > 2
    assert await credited(world, killed) == await credited(world, calm)
    for event in events:
        await world.service.deliver_alone(event)
    assert await credited(world, killed) == await credited(world, calm), "what comes again is known"
    kinds = {row[0] for row in await credited(world, killed)}
    assert {"paid", "refunded", "voided", "visited", "closed", "reopened", "answered", "corrected"} <= kinds
