"""Lines of a member that are moved by a job, whatever ends it and whatever else is moved at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from kit.jobs.jobs import JobRunner
from services.targets.credits import service as credit_lines
from services.targets.worker import jobs_of
from tests.customer.kills.lives import Lives
from tests.targets.conftest import World
from tests.targets.kills.test_results import torn

BY_MEMBER = "SELECT member_id, sum(amount)::int AS amount FROM credit_line GROUP BY 1"
BY_UNIT = """
SELECT member_id, unit_path[cardinality(unit_path)] AS unit, posting_date::text AS day, sum(amount)::int AS amount
FROM credit_line GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
"""
BELOW_ZERO = """
SELECT order_id, line_no, member_id, unit_path FROM credit_line GROUP BY 1, 2, 3, 4 HAVING sum(amount) < 0
"""
DAYS = ("2026-02-05", "2026-02-14", "2026-02-20", "2026-02-26", "2026-03-02")


async def sold(world: World) -> dict[Any, int]:
    """Five orders of two sellers; what each was credited."""
    for day in DAYS:
        await world.service.deliver(world.confirmed(world.order({"a1": 600_000, "b1": 400_000}, [101, 11, 7], day)))
    return await by_member(world)


async def by_member(world: World) -> dict[Any, int]:
    return {row["member_id"]: row["amount"] for row in await world.service.rows(BY_MEMBER)}


async def moved(world: World, to: str, since: str) -> str:
    """The job that moves the lines."""
    director = world.service.headers("head", "sales_director")
    body = {"unit_id": world.units[to], "from": since, "correction": True}
    answer = await world.service.post(f"/v1/members/{world.members['a1']}/move", body, headers=director)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def where(world: World) -> dict[tuple[str, str], int]:
    """What a1 has of each day, by the unit in which it stands."""
    rows = await world.service.rows(BY_UNIT)
    names = {each: name for name, each in world.units.items()}
    return {
        (names[str(row["unit"])], row["day"]): row["amount"]
        for row in rows
        if str(row["member_id"]) == str(world.members["a1"])
    }


async def corrected(world: World) -> Counter[str]:
    """How often each order was corrected."""
    said = await world.service.published("targets.order.credited.v1")
    return Counter(str(each.payload["order_id"]) for each in said if each.payload["kind"] == "corrected")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credit_lines, "AT_ONCE", 4)
    monkeypatch.setattr(credit_lines, "ORDERS_A_STEP", 2)


async def test_a_correction_that_is_killed_at_one_statement_after_the_other(world: World, lives: Lives) -> None:
    before = await sold(world)
    stood = await where(world)
    await moved(world, "team-b", "2026-02-10")

    async def is_whole() -> None:
        assert await by_member(world) == before, "credit is moved, not made"
        assert await torn(world) == []
        assert await world.service.rows(BELOW_ZERO) == []
        assert max((await corrected(world)).values(), default=0) <= 1

    assert await lives.work_through(is_whole, 2) > 4
    assert await where(world) == {
        ("team-a" if day < "2026-02-10" else "team-b", day): amount for (_, day), amount in stood.items()
    }
    assert len(await corrected(world)) == 4


async def test_two_corrections_by_two_workers_at_once(world: World) -> None:
    """Each step goes by the memberships that hold now, so the last move counts, whichever job comes to a line."""
    before = await sold(world)
    stood = await where(world)
    jobs = [await moved(world, "team-b", "2026-02-10")]
    jobs.append(await moved(world, "south", "2026-02-18"))
    runtime, stop = world.service.runtime, asyncio.Event()
    runners = [JobRunner(runtime.db, jobs_of(runtime), poll=0.01) for _ in range(3)]
    working = [asyncio.create_task(each.run(stop)) for each in runners]
    for _ in range(1200):
        if not await world.service.rows("SELECT FROM job WHERE state IN ('queued', 'running')"):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*working)
    states = await world.service.rows("SELECT state FROM job WHERE id = ANY($1::uuid[])", jobs)
    assert [row["state"] for row in states] == ["succeeded"] * 2
    assert (await by_member(world), await torn(world)) == (before, [])
    assert await world.service.rows(BELOW_ZERO) == []
    assert await where(world) == {
        ("team-a" if day < "2026-02-10" else "team-b" if day < "2026-02-18" else "south", day): amount
        for (_, day), amount in stood.items()
    }
    assert set((await corrected(world)).values()) == {1}
