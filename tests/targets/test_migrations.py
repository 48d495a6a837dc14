"""Migrations go up, down and up again with rows inside; the tables are what the models say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

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
