"""Commit, rollback, savepoints, the read-only pool and snapshots."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from kit.db.database import TRANSIENT_ERRORS, Database, DatabaseSettings, Tx


@pytest.fixture
async def db(database: Database) -> Database:
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE notes (id int PRIMARY KEY, body text)")
    return database


async def ids(db: Database) -> list[int]:
    async with db.reading() as tx:
        return [row["id"] for row in await tx.fetch("SELECT id FROM notes ORDER BY id")]


async def test_block_that_ends_commits_and_then_calls_back_once(db: Database) -> None:
    calls: list[str] = []

    def wake() -> None:
        calls.append("woken")

    async with db.transaction() as tx:
        assert await tx.execute("INSERT INTO notes VALUES (1), (2)") == 2
        tx.after_commit(wake)
        tx.after_commit(wake)
        assert calls == []
        assert await ids(db) == []
    assert calls == ["woken"]
    assert await ids(db) == [1, 2]


async def test_block_that_raises_undoes_all_and_calls_nothing(db: Database) -> None:
    calls: list[str] = []

    async def refuse() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES (1)")
            tx.after_commit(lambda: calls.append("woken"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await refuse()
    assert calls == []
    assert await ids(db) == []


async def test_commit_that_fails_raises_and_calls_nothing(db: Database) -> None:
    calls: list[str] = []
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE lines (note int REFERENCES notes DEFERRABLE INITIALLY DEFERRED)")

    async def refer() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO lines VALUES (9)")
            tx.after_commit(lambda: calls.append("woken"))

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await refer()
    assert calls == []


async def test_cancelled_block_undoes_all_and_the_connection_is_usable(db: Database) -> None:
    entered = asyncio.Event()

    async def slow() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES (1)")
            entered.set()
            await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(slow())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(db) == []
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT 1") == 1


async def in_savepoint(tx: Tx, *numbers: int) -> None:
    async with tx.savepoint():
        for number in numbers:
            await tx.execute("INSERT INTO notes VALUES ($1)", number)


async def test_savepoint_undoes_its_own_part_only(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO notes VALUES (1)")
        with pytest.raises(asyncpg.UniqueViolationError):
            await in_savepoint(tx, 2, 1)
        await in_savepoint(tx, 3)
    assert await ids(db) == [1, 3]


NOTE = "INSERT INTO notes SELECT id, body FROM json_populate_recordset(NULL::notes, $1::json)"
COPY = "INSERT INTO copies SELECT id, body FROM json_populate_recordset(NULL::copies, $1::json)"


def append_one(tx: Tx, insert: str, number: int) -> None:
    tx.append(insert, [{"id": number, "body": "x"}])


async def failing_savepoint(tx: Tx) -> None:
    async with tx.savepoint():
        append_one(tx, NOTE, 2)
        append_one(tx, COPY, 3)
        raise LookupError


async def test_appended_rows_are_written_by_one_statement_at_the_end(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE copies (id int PRIMARY KEY, body text)")
    seen: list[str] = []
    async with db.transaction() as tx:
        connection = tx.connection
        connection.add_query_logger(log := lambda record: seen.append(record.query))
        append_one(tx, NOTE, 1)
        append_one(tx, COPY, 10)
        append_one(tx, NOTE, 4)
        with pytest.raises(LookupError):
            await failing_savepoint(tx)
        async with tx.savepoint():
            append_one(tx, COPY, 11)
        assert await tx.fetchval("SELECT count(*) FROM notes") == 0
        await tx.flush()
        connection.remove_query_logger(log)
    assert [query for query in seen if "json_populate" in query] == [
        query for query in seen if query.startswith("WITH")
    ]
    assert len([query for query in seen if query.startswith("WITH")]) == 1
    assert await ids(db) == [1, 4]
    async with db.reading() as tx:
        assert [row["id"] for row in await tx.fetch("SELECT id FROM copies ORDER BY id")] == [10, 11]


async def append_and_fail(db: Database) -> None:
    async with db.transaction() as tx:
        append_one(tx, NOTE, 1)
        raise LookupError


async def append_twice(db: Database) -> None:
    async with db.transaction() as tx:
        append_one(tx, NOTE, 1)
        append_one(tx, NOTE, 1)
        tx.after_commit(pytest.fail)


async def test_appended_rows_go_with_their_transaction(db: Database) -> None:
    with pytest.raises(LookupError):
        await append_and_fail(db)
    with pytest.raises(asyncpg.UniqueViolationError):
        await append_twice(db)
    assert await ids(db) == []


async def test_copy_counts_its_rows(db: Database) -> None:
    async with db.transaction() as tx:
        assert await tx.copy("notes", ["id", "body"], [(n, "ä\n\t") for n in range(1000)]) == 1000
        assert await tx.fetchval("SELECT count(*) FROM notes WHERE body = $1", "ä\n\t") == 1000


async def test_fetches(db: Database) -> None:
    async with db.transaction() as tx:
        assert await tx.fetchrow("SELECT * FROM notes") is None
        assert await tx.fetchval("SELECT id FROM notes") is None
        assert await tx.fetch("SELECT id FROM notes") == []
        assert await tx.execute("UPDATE notes SET body = ''") == 0


async def test_readers_refuse_to_write(db: Database) -> None:
    async with db.reading() as tx:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.execute("INSERT INTO notes VALUES (1)")
    async with db.snapshot() as tx:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.execute("INSERT INTO notes VALUES (1)")


async def test_snapshot_sees_one_state_where_reading_sees_the_newest(db: Database) -> None:
    async with db.snapshot() as still, db.reading() as moving:
        assert await still.fetchval("SELECT count(*) FROM notes") == 0
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES (1)")
        assert await moving.fetchval("SELECT count(*) FROM notes") == 1
        assert await still.fetchval("SELECT count(*) FROM notes") == 0
    async with db.snapshot() as still:
        assert await still.fetchval("SELECT count(*) FROM notes") == 1


async def test_every_connection_speaks_utc_and_has_timeouts(db: Database) -> None:
    own = await db.connect()
    try:
        async with db.transaction() as writing, db.reading() as reading:
            for connection in (writing.connection, reading.connection, own):
                assert await connection.fetchval("SHOW timezone") == "UTC"
                assert await connection.fetchval("SHOW statement_timeout") == "30s"
                assert await connection.fetchval("SHOW lock_timeout") == "5s"
                assert await connection.fetchval("SHOW application_name") == "crmesh-crmesh"
    finally:
        await own.close()


async def test_timeouts_are_transient(db: Database) -> None:
    hasty = Database(DatabaseSettings(db.settings.connect, statement_timeout_ms=50, lock_timeout_ms=30))
    with pytest.raises(TRANSIENT_ERRORS):
        async with hasty.transaction() as tx:
            await tx.execute("SELECT pg_sleep(5)")
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE notes")
        with pytest.raises(TRANSIENT_ERRORS) as caught:
            async with hasty.transaction() as other:
                await other.execute("INSERT INTO notes VALUES (1)")
    assert isinstance(caught.value, asyncpg.LockNotAvailableError)
    await hasty.stop()


async def test_local_settings_and_transaction_locks_end_with_their_transaction(db: Database) -> None:
    one = Database(DatabaseSettings(db.settings.connect, writers=1))
    async with one.transaction() as tx:
        await tx.execute("SET LOCAL statement_timeout = 1234")
        assert await tx.fetchval("SELECT pg_try_advisory_xact_lock(7)")
    async with one.transaction() as tx, db.transaction() as other:
        assert await tx.fetchval("SHOW statement_timeout") == "30s"
        assert await other.fetchval("SELECT pg_try_advisory_xact_lock(7)")
    await one.stop()


async def test_more_callers_than_connections_wait_their_turn(db: Database) -> None:
    async def add(number: int) -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES ($1)", number)

    await asyncio.gather(*(add(number) for number in range(100)))
    assert await ids(db) == list(range(100))


async def test_stop_is_idempotent_and_the_next_use_starts_again(db: Database) -> None:
    await db.stop()
    await db.stop()
    assert await ids(db) == []


async def test_lost_connection_is_transient_and_the_pool_recovers(db: Database) -> None:
    async def write_on_a_lost_connection() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO notes VALUES (1)")
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            async with db.transaction() as killer:
                await killer.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
            await tx.execute("INSERT INTO notes VALUES (2)")

    with pytest.raises(TRANSIENT_ERRORS):
        await write_on_a_lost_connection()
    assert await ids(db) == []
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO notes VALUES (2)")
    assert await ids(db) == [2]
