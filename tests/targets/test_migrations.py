"""Migrations go up, down and up again with rows inside; the tables are what the models say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kit.db.migrate import run_alembic
from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from tests.targets.conftest import World, make_world


@pytest.fixture
async def world(postgres_server: TestServer) -> AsyncIterator[World]:
    """On a database of its own: its tables go."""
    async with service_harness(postgres_server, "targets") as harness:
        yield await make_world(harness)


async def test_down_and_up_again_keeps_the_rows_and_the_sum_law(world: World) -> None:
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    target = (await world.service.post("/v1/targets", body)).json()
    path = f"/v1/targets/{target['id']}/decompositions"
    assert (await world.service.post(path, {"dimension": "month"})).status_code == 201
    connect = world.service.runtime.settings.database_connect()
    await asyncio.to_thread(run_alembic, "targets", connect, "downgrade", "0001")
    assert await world.service.rows("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'target_sum%'") == []
    await asyncio.to_thread(run_alembic, "targets", connect, "upgrade", "head")
    assert (await world.service.post(path, {"dimension": "quarter"})).status_code == 201
    assert len((await world.service.get("/v1/targets")).json()["items"]) == 5
    await asyncio.to_thread(run_alembic, "targets", connect, "downgrade", "base")
    await asyncio.to_thread(run_alembic, "targets", connect, "upgrade", "head")
    assert await world.service.rows("SELECT 1 FROM target") == []


PERIOD = {"period_start": "2026-01-01", "period_end": "2026-03-31"}


async def to(world: World, direction: str, revision: str) -> None:
    connect = world.service.runtime.settings.database_connect()
    await asyncio.to_thread(run_alembic, "targets", connect, direction, revision)


async def done(world: World, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await world.service.post(path, body)
    assert answer.status_code == status, (path, answer.text)
    return answer.json()


async def rate(world: World, *, live: bool) -> tuple[str, dict[str, Any]]:
    """A ratio's target by month, its id and its decomposition."""
    body = {"name": "Rate", "metric": "conversion_rate", "amount": 1_000, "base": 4_000, **PERIOD}
    target = await done(world, "/v1/targets", body, 201)
    split = await done(world, f"/v1/targets/{target['id']}/decompositions", {"dimension": "month"}, 201)
    if live:
        await done(world, f"/v1/targets/{target['id']}/activate")
    return target["id"], split


@pytest.mark.parametrize("wrong", ["child without a base", "parent with another base", "no child with a base"])
async def test_denominators_of_before_need_not_sum(world: World, wrong: str) -> None:
    """They are marked, every command goes on with them, and what is split anew sums."""
    live, month = await rate(world, live=True)
    draft, split = await rate(world, live=False)
    retired, old = await rate(world, live=True)
    sound, _ = await rate(world, live=True)
    plan = await done(world, "/v1/plans", {"root_id": live, "name": "Open"}, 201)
    await to(world, "downgrade", "0036")
    async with world.service.transaction() as tx:
        for target_id in (live, draft, retired, plan["branch_id"]):
            where = f"parent_id = '{target_id}'"
            if wrong == "parent with another base":
                await tx.execute(f"UPDATE target SET base = base + 7 WHERE id = '{target_id}'")
            elif wrong == "no child with a base":
                await tx.execute(f"UPDATE target SET base = NULL WHERE {where}")
            else:
                await tx.execute(f"UPDATE target SET base = NULL WHERE child_key = '2026-02' AND {where}")
    await to(world, "upgrade", "head")
    for target_id, sums in ((live, False), (draft, False), (retired, False), (plan["branch_id"], False), (sound, True)):
        (shown,) = (await world.service.get(f"/v1/targets/{target_id}/decompositions")).json()["items"]
        assert shown["bases_sum"] is sums
    await _go_on(world, live, month, plan)
    await done(world, f"/v1/targets/{retired}/decompositions/{old['id']}/retire")
    again = await done(world, f"/v1/targets/{draft}/decompositions/{split['id']}/recompute")
    assert again["bases_sum"] is True
    child = again["children"][0]["target_id"]
    with pytest.raises(asyncpg.CheckViolationError, match="bases of the children"):
        async with world.service.transaction() as tx:
            await tx.execute(f"UPDATE target SET base = base + 1 WHERE id = '{child}'")
    for action in ("propose", "withdraw", "activate", "close"):
        await done(world, f"/v1/targets/{draft}/{action}")


async def _go_on(world: World, live: str, split: dict[str, Any], plan: dict[str, Any]) -> None:
    """Each command that writes what was split: in the plan of before, in a new one, and of the live tree."""
    await _raise(world, plan, "2026-02", 400)
    await done(world, f"/v1/plans/{plan['id']}/rebase", {})
    promote = {"valid_from": "2026-02-01", "reason": "more"}
    await done(world, f"/v1/plans/{plan['id']}/promote", promote)
    path = f"/v1/targets/{live}/decompositions"
    regions = {"dimension": "region", "children": [{"key": "CN-SH"}, {"key": "CN-BJ"}]}
    await done(world, path, regions, 201)
    await done(world, f"{path}/{split['id']}/mark-crediting")
    below = await done(world, f"/v1/targets/{split['children'][1]['target_id']}/decompositions", regions, 201)
    assert below["bases_sum"] is True
    what_if = await done(world, "/v1/plans", {"root_id": live, "name": "New"}, 201)
    await _raise(world, what_if, "2026-03", 500)
    marks = await world.service.rows("SELECT bases_sum FROM decomposition WHERE target_id = $1", what_if["branch_id"])
    assert sorted(mark["bases_sum"] for mark in marks) == [False, True]
    await done(world, f"/v1/plans/{what_if['id']}/promote", promote)
    assert len((await world.attainment(target_id=live, children="true"))["items"]) >= 4
    assert len((await world.attainment(root_id=live))["items"]) >= 4
    await done(world, f"/v1/targets/{live}/close")


async def _raise(world: World, plan: dict[str, Any], month: str, amount: int) -> None:
    sql = "SELECT id, version FROM target WHERE parent_id = $1 AND child_key = $2"
    (found,) = await world.service.rows(sql, plan["branch_id"], month)
    raised = await world.service.patch(f"/v1/targets/{found['id']}", {"amount": amount}, found["version"])
    assert raised.status_code == 200, raised.text
