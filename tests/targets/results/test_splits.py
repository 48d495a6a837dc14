"""A split of a resolved conflict holds for the cash of an order and for answers about it, whatever came first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kit.ids import new_id
from services.targets.events_out import ResultCredited
from tests.targets.conftest import World
from tests.targets.credits.test_splits import resolved
from tests.targets.results.heard import Payment, answer

ORDERS = list(permutations(("split", "paid", "answered")))


async def stands(world: World) -> list[dict[str, Any]]:
    return await world.service.rows(
        "SELECT line_no, member_id, unit_path, posting_date, sum(cash)::int AS cash, sum(answers)::int AS answers, "
        "sum(promoters)::int AS promoters FROM credit_line "
        "GROUP BY 1, 2, 3, 4 HAVING sum(cash) <> 0 OR sum(answers) <> 0 ORDER BY 1, 2, 4"
    )


@pytest.mark.parametrize("turn", ORDERS)
async def test_either_order_of_arrival_ends_in_the_same_balances(world: World, turn: tuple[str, ...]) -> None:
    one = str(new_id())
    order = world.order({"a1": 600_000, "a2": 400_000}, [1_001, 333], "2026-03-20", stream_key=one, account_id=one)
    for line, gross in zip(order["lines"], (1_131, 376), strict=True):
        line["gross_base"] = gross
    pays = Payment(order)
    events = {
        "split": [resolved(world, one, {"b1": 700_000, "a1": 300_000})],
        "paid": [pays.received((order, 507), on="2026-03-21"), pays.refunded((order, 100), on="2026-03-25")],
        "answered": [answer(world, one, "a2", "nps", 9, order_id=order["id"], business_date="2026-03-22")],
    }
    await world.service.deliver(world.confirmed(order))
    for step in turn:
        for event in events[step]:
            await world.service.deliver(event)
    codes = {member: code for code, member in world.members.items()}
    found: dict[str, list[int]] = {}
    for row in await stands(world):
        sums = found.setdefault(codes[str(row["member_id"])], [0, 0, 0])
        for place, name in enumerate(("cash", "answers", "promoters")):
            sums[place] += row[name]
    assert found == {"a1": [122, 300, 300], "b1": [285, 700, 700]}
    await world.service.deliver(pays.voided((order, 407), on="2026-04-01"))
    assert await world.service.rows("SELECT 1 FROM credit_line GROUP BY line_no, member_id HAVING sum(cash) <> 0") == []
    assert await world.service.parked() == []


async def test_what_stands_by_the_shares_already_is_left(world: World) -> None:
    one = str(new_id())
    order = world.order({"a1": 1_000_000}, [1_000], "2026-03-20", stream_key=one, account_id=one)
    split = resolved(world, one, {"b1": 1_000_000})
    await world.service.deliver(world.confirmed(order), Payment(order).received((order, 500)))
    await world.service.deliver(split)
    said = len(await world.service.published(ResultCredited.TYPE))
    assert said == 2
    await world.service.deliver(resolved(world, one, {"a2": 1_000_000}, resolved_at="2026-01-01T00:00:00Z"))
    assert len(await world.service.published(ResultCredited.TYPE)) == said
