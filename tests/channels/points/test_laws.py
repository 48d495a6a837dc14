"""Whatever happens to points in whatever order: lots, entries and the ledger say the same, and nothing is lost."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.points.test_points import Sale, a_member, adjusted, entries, standing, work_dues
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings

__all__ = ["logged"]


@pytest.mark.parametrize("seed", range(3))
async def test_a_year_of_a_member(logged: ServiceHarness, days: Days, seed: int) -> None:
    service, dice = logged, random.Random(seed)
    days.on("2026-01-05")
    of, member = await a_member(service, validity_months=2, lock_days=dice.randint(0, 9))
    open_sales: list[tuple[Sale, list[int]]] = []
    said: list[Event] = []
    for _step in range(40):
        days.moment += timedelta(days=dice.randint(0, 12))
        await work_dues(service)
        roll = dice.random()
        if roll < 0.5:
            sale = Sale(of, *((dice.randint(1, 4), dice.randint(0, 90_000)) for _ in range(dice.randint(1, 3))))
            open_sales.append((sale, [0 for _line in sale.lines]))
            said.append(sale.fulfilled())
            await service.deliver(said[-1])
        elif roll < 0.85 and open_sales:
            sale, pieces = dice.choice(open_sales)
            for index, (quantity, _net) in enumerate(sale.lines):
                pieces[index] = dice.randint(pieces[index], quantity)
            said.append(sale.returned(*pieces))
            await service.deliver(said[-1], said[-1])
        else:
            assert (await adjusted(service, member, dice.choice((-30, -5, 20)))).status_code in (200, 409)
    moved = await entries(service, member)
    assert sum(points for _kind, points, _after in moved) == (await standing(service, member))[0]
    assert {"earned", "reversed", "expired"} <= {kind for kind, _points, _after in moved}
    await publish_all(service, said)
    assert await wrong_findings(service) == []
    assert (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")).equal
