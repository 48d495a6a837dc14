"""Connections that come back well are handed on; all others go through asyncpg."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionHolder

from kit.db import pool as pools
from kit.db.database import TRANSIENT_ERRORS, Database
from kit.db.pool import Pool
from kit.errors import AppError

PID = "SELECT pg_backend_pid()"


class Refused(AppError):
    code, status, title = "refused", 409, "Refused"


async def pid_of(database: Database) -> int:
    async with database.reading() as tx:
        return int(await tx.fetchval(PID))


async def test_one_after_the_other_use_one_connection(database: Database) -> None:
    pids = {await pid_of(database) for _ in range(20)}
    with pytest.raises(Refused):
        async with database.reading():
            raise Refused("an answer as good as any")
    assert {await pid_of(database), *pids} == pids
    assert len(pids) == 1


async def test_no_more_than_its_size_at_once_and_in_order(database: Database) -> None:
    size, order, most = database.settings.readers, [], 0
    gate = asyncio.Event()

    async def use(number: int) -> None:
        nonlocal most
        async with database.reading() as tx:
            order.append(number)
            most = max(most, database.connections_in_use(read_only=True))
            await gate.wait()
            await tx.fetchval("SELECT 1")

    async with asyncio.TaskGroup() as group:
        for number in range(3 * size):
            group.create_task(use(number))
        while len(order) < size:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert sorted(order) == list(range(size))
        gate.set()
    assert (order[size:], most) == (list(range(size, 3 * size)), size)
    assert database.connections_in_use(read_only=True) == 0


async def test_a_statement_cut_off_is_stopped_and_its_connection_is_of_use_again(database: Database) -> None:
    for _ in range(2 * database.settings.readers):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.reading() as tx:
                await tx.fetchval("SELECT pg_sleep(30)")
    async with database.reading() as tx:
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active'"
        assert await tx.fetchval(f"{asleep} AND pid <> pg_backend_pid()") == 0
    assert database.connections_in_use(read_only=True) == 0


async def test_waiting_for_a_connection_can_be_given_up(database: Database) -> None:
    gate = asyncio.Event()

    async def hold() -> None:
        async with database.reading():
            await gate.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(database.settings.readers):
            group.create_task(hold())
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await pid_of(database)
        gate.set()
    assert await pid_of(database)


async def test_a_connection_that_the_server_closed_is_replaced(database: Database) -> None:
    first = await pid_of(database)
    other = await database.connect()
    try:
        await other.execute("SELECT pg_terminate_backend($1)", first)
    finally:
        await other.close()
    await asyncio.sleep(0.1)  # the farewell has been read
    assert await pid_of(database) != first
    async with database.reading() as tx:
        victim = await tx.fetchval(PID)
        other = await database.connect()
        try:
            await other.execute("SELECT pg_terminate_backend($1)", victim)
        finally:
            await other.close()
        with pytest.raises(TRANSIENT_ERRORS):
            await tx.fetchval("SELECT pg_sleep(5)")
    assert await pid_of(database) != victim


async def test_what_rests_long_goes_back_to_asyncpg(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "REST_SECONDS", 0.1)
    await database.start()
    lent = database._readers
    assert lent is not None
    await pid_of(database)
    assert len(lent._rested) == 1
    assert lent._pool.get_idle_size() == 0
    await asyncio.sleep(0.35)
    assert lent._rested == []
    assert lent._pool.get_idle_size() == 1
    assert await pid_of(database)


async def test_asyncpg_sees_each_connection_now_and_then(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "LOANS", 3)
    await database.start()
    rested = []
    for _ in range(6):
        await pid_of(database)
        assert database._readers is not None
        rested.append(len(database._readers._rested))
    assert rested == [1, 1, 0, 1, 1, 0]


@pytest.mark.parametrize("seconds", [5.0, 0.1])
async def test_the_end_waits_for_what_is_in_use(database: Database, seconds: float) -> None:
    pool = await database._pool(2, read_only=True)
    assert isinstance(pool, Pool)
    async with pool.lend() as connection:
        await connection.fetchval(PID)
    loan = pool.lend()
    connection = await loan.__aenter__()
    closing = asyncio.create_task(pool.close(seconds))
    await asyncio.sleep(0.3)
    assert closing.done() == (seconds < 0.3)
    if not closing.done():
        assert await connection.fetchval("SELECT 1") == 1
    await loan.__aexit__(None, None, None)
    await closing
    with pytest.raises(asyncpg.InterfaceError):
        await connection.fetchval("SELECT 1")


@pytest.mark.parametrize("is_well", [True, False])
async def test_a_connection_that_is_closed_while_it_is_put_back(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, is_well: bool
) -> None:
    pool = await database.readers()
    release = PoolConnectionHolder.release

    async def late(holder: Any, seconds: float | None) -> None:
        holder._con.terminate()  # as by the server: asyncpg takes it back in the next turn of the loop
        while holder._in_use is not None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await release(holder, seconds)

    connection = await pool.take()
    monkeypatch.setattr(PoolConnectionHolder, "release", late)
    await pool.give_back(connection, is_well=is_well)
    if is_well:
        await database.stop()
    monkeypatch.undo()
    assert await pid_of(database) > 0
