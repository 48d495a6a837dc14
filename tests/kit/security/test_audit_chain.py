"""The chained audit log: every change of a sealed row is found; writers, sealers and crashes cannot break it."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.db.database import Database
from kit.security import audit_chain
from kit.security.audit import record_many
from kit.security.audit_chain import GENESIS, AuditSealer, ChainChanged, ChainReport, chain_hash, verify
from tests.kit.security.chain import COPY, KEY, change, changes, check, entries, tamper, write


async def test_sealed_rows_hold_together_and_new_ones_wait(db: Database, sealer: AuditSealer) -> None:
    assert await check(db) == ChainReport(0, 0, GENESIS, None)
    assert await sealer.turn() == 0
    await write(db, 3)
    assert (await check(db)).unsealed == 3
    assert await sealer.turn() == 3
    await write(db, 2)
    report = await check(db)
    assert (report.sealed, report.unsealed, report.broken) == (3, 2, None)
    assert await sealer.turn() == 2
    assert await sealer.turn() == 0
    assert (await check(db, expect=report.head)).sealed == 5


async def test_another_sealer_goes_on_with_the_chain(db: Database, sealer: AuditSealer) -> None:
    for _ in range(3):
        await write(db, 2)
        await AuditSealer(db, KEY).turn()
        await write(db, 1)
        await sealer.turn()
    report = await check(db)
    assert (report.sealed, report.broken) == (9, None)


async def test_more_rows_than_a_batch(db: Database, sealer: AuditSealer, monkeypatch: pytest.MonkeyPatch) -> None:
    small = audit_chain._UNSEALED.replace(f"LIMIT {audit_chain.BATCH_ROWS}", "LIMIT 10")
    monkeypatch.setattr(audit_chain, "_UNSEALED", small)
    monkeypatch.setattr(audit_chain, "BATCH_ROWS", 10)
    await write(db, 35)
    assert await sealer.turn() == 35
    assert (await check(db)).sealed == 35


@changes
async def test_every_change_of_sealed_rows_is_found(db: Database, sealer: AuditSealer, sql: str, first: int) -> None:
    await write(db, 10)
    await sealer.turn()
    assert (await check(db)).broken is None
    await change(db, sql)
    broken = (await check(db)).broken
    assert broken is not None
    assert broken.id == first


async def test_behind_a_known_break_the_chain_is_read_on(db: Database, sealer: AuditSealer) -> None:
    await write(db, 10)
    await sealer.turn()
    await tamper(db, "UPDATE audit_log SET actor = 'nobody' WHERE id IN (4, 8)")
    found = []
    async with db.snapshot() as tx:
        for since in (None, 4, 5, 8, 9, 99):
            report = await verify(tx, KEY, since=since)
            found.append((report.broken.id if report.broken else None, report.sealed))
    assert found == [(4, 3), (4, 0), (8, 3), (8, 0), (None, 2), (None, 0)]


async def test_a_row_put_into_a_gap_is_found(db: Database, sealer: AuditSealer) -> None:
    await write(db, 4)
    await write(db, 1)
    await tamper(db, "DELETE FROM audit_log WHERE id = 5")
    await write(db, 5)
    await sealer.turn()
    assert (await check(db)).broken is None
    await tamper(db, COPY.format(id=5, more=""))
    assert (broken := (await check(db)).broken) is not None
    assert broken.id == 5
    await sealer.turn()
    assert (await check(db)).broken == broken, "the sealer does not take it in"


async def test_an_end_that_was_cut_off_needs_the_noted_head(db: Database, sealer: AuditSealer) -> None:
    await write(db, 5)
    await sealer.turn()
    head = (await check(db)).head
    await tamper(db, "DELETE FROM audit_log WHERE id > 3")
    assert (await check(db)).broken is None
    assert (broken := (await check(db, expect=head)).broken) is not None
    assert "noted" in broken.reason


async def test_sealer_does_not_seal_anew_what_it_has_sealed(db: Database, sealer: AuditSealer) -> None:
    await write(db, 5)
    await sealer.turn()
    await tamper(db, "UPDATE audit_log SET actor = 'other', hash = NULL, prev_hash = NULL")
    await write(db, 1)
    with pytest.raises(ChainChanged):
        await sealer.turn()
    assert (await check(db)).sealed == 0


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_log SET actor = 'other' WHERE id = 5",
        "DELETE FROM audit_log WHERE id = 5",
        "UPDATE audit_log SET hash = repeat('0', 64) WHERE id = 5",
    ],
)
async def test_the_sealer_sees_a_change_of_its_newest_row(db: Database, sealer: AuditSealer, sql: str) -> None:
    await write(db, 5)
    await sealer.turn()
    await tamper(db, sql)
    await write(db, 1)
    with pytest.raises(ChainChanged):
        await sealer.turn()


async def test_without_the_key_nobody_can_make_a_chain(db: Database) -> None:
    await write(db, 3)
    await AuditSealer(db, b"a guess").turn()
    assert (broken := (await check(db)).broken) is not None
    assert broken.id == 1


async def test_a_smaller_id_that_commits_later_is_waited_for(db: Database, sealer: AuditSealer) -> None:
    early = await db.connect()
    try:
        transaction = early.transaction()
        await transaction.start()
        await early.execute(
            "INSERT INTO audit_log (actor, roles, action, resource, resource_id, reason, request_id, trace_id)"
            " VALUES ('early', '{}', '', '', '', '', '', '')"
        )
        await write(db, 3)
        for _ in range(3):
            assert await sealer.turn() == 0
        await transaction.commit()
        assert await sealer.turn() == 4
    finally:
        await early.close()
    report = await check(db)
    assert (report.sealed, report.broken) == (4, None)


SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.actor = 'early' THEN PERFORM pg_sleep(1); END IF;
    RETURN NEW;
END $$
"""


async def test_an_id_drawn_by_a_transaction_without_a_number_is_waited_for(db: Database, sealer: AuditSealer) -> None:
    """The id is drawn before the row is written: a snapshot does not show such a transaction, its lock does."""
    early = await db.connect()
    try:
        # of 32 ids only the first is logged ahead, and only that gives its transaction a number
        await write(db, 1)
        assert await sealer.turn() == 1
        await tamper(db, SLOW)
        await tamper(db, "CREATE TRIGGER slow BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION slow()")
        insert = asyncio.create_task(
            early.execute(
                "INSERT INTO audit_log (actor, roles, action, resource, resource_id, reason, request_id, trace_id)"
                " VALUES ('early', '{}', '', '', '', '', '', '')"
            )
        )
        await asyncio.sleep(0.4)
        async with db.reading() as tx:
            number = "SELECT backend_xid IS NULL FROM pg_stat_activity WHERE pid = $1"
            assert await tx.fetchval(number, early.get_server_pid()), "it has no number yet"
        await write(db, 3)
        assert await sealer.turn() == 0
        await insert
        assert await early.fetchval("SELECT id FROM audit_log WHERE actor = 'early'") == 2
        assert await sealer.turn() == 4
    finally:
        await early.close()
    assert (await check(db)).broken is None


async def test_writers_are_never_held_up(db: Database, sealer: AuditSealer) -> None:
    """A writer that stays open delays the seal and nobody else."""
    early = await db.connect()
    try:
        transaction = early.transaction()
        await transaction.start()
        await early.execute("DELETE FROM audit_log WHERE id = 0")
        for turn in range(5):
            async with asyncio.timeout(2):
                await write(db, 1)
                assert await sealer.turn() == 0, turn
        await transaction.rollback()
    finally:
        await early.close()
    assert await sealer.turn() == 1
    assert await sealer.turn() == 4


async def test_chain_holds_under_writers_two_sealers_and_crashes(db: Database) -> None:
    """Writers commit late, roll back and die; sealers are cut off at any moment and replaced."""
    chance = random.Random(7)
    written = 0
    is_over = asyncio.Event()

    async def writer(number: int) -> None:
        nonlocal written
        for _ in range(25):
            fate = chance.random()
            try:
                async with db.transaction() as tx:
                    await record_many(tx, entries(chance.randint(1, 4), f"w{number}"), key=KEY)
                    await tx.flush()
                    await asyncio.sleep(chance.random() * 0.02)
                    if fate < 0.15:
                        raise LookupError
                    if fate < 0.25:
                        await tx.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                    count = await tx.fetchval("SELECT count(*) FROM audit_log WHERE xmin::text = txid_current()::text")
                written += count
            except (LookupError, asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
                continue

    async def seal() -> None:
        while not is_over.is_set():
            made = AuditSealer(db, KEY)
            for _ in range(chance.randint(1, 5)):
                turn = asyncio.create_task(made.turn())
                await asyncio.wait({turn}, timeout=chance.random() * 0.05)
                turn.cancel()
                await asyncio.gather(turn, return_exceptions=True)

    sealers = [asyncio.create_task(seal()) for _ in range(2)]
    await asyncio.gather(*(writer(number) for number in range(8)))
    is_over.set()
    await asyncio.gather(*sealers)
    last = AuditSealer(db, KEY)
    while (await check(db)).unsealed:
        await last.turn()
    report = await check(db)
    assert report.broken is None
    assert report.sealed == written > 200


@pytest.mark.parametrize("locked", [True, False])
async def test_workers_at_once_seal_every_row_once(db: Database, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    """Each with connections of its own, as processes have them. Without the lock between them the rows stand guard."""
    if not locked:
        monkeypatch.setattr(audit_chain, "_LOCK", "SELECT true")
    monkeypatch.setattr(audit_chain, "BATCH_ROWS", 5)
    monkeypatch.setattr(audit_chain, "_UNSEALED", audit_chain._UNSEALED.replace("LIMIT 2000", "LIMIT 5"))
    await tamper(db, "CREATE TABLE sealing (id bigint)")
    noted = "BEGIN INSERT INTO sealing VALUES (new.id); PERFORM pg_sleep(0.001); RETURN new; END"
    await tamper(db, f"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $${noted}$$")
    await tamper(db, "CREATE TRIGGER note AFTER UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION note()")
    processes = [Database(db.settings) for _ in range(3)]

    async def work(process: Database) -> int:
        sealer, lost = AuditSealer(process, KEY), 0
        while (await check(process)).unsealed:
            try:
                await sealer.turn()
            except ChainChanged:
                lost += 1
                sealer = AuditSealer(process, KEY)
        return lost

    await write(db, 200)
    lost = await asyncio.gather(*(work(process) for process in processes))
    for process in processes:
        await process.stop()
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT (count(*), count(DISTINCT id)) = (200, 200) FROM sealing")
    assert (await check(db)).sealed == 200
    assert (await check(db)).broken is None
    assert (sum(lost) == 0) is locked


async def test_nothing_happens_without_the_table(db: Database, sealer: AuditSealer) -> None:
    await tamper(db, "DROP TABLE audit_log")
    assert await sealer.turn() == 0


FIELDS = ("actor", "action", "resource", "resource_id", "before", "after", "reason", "request_id", "trace_id")
ROW = st.fixed_dictionaries(
    {"id": st.integers(1, 99), "at": st.text("0123456789."), "roles": st.lists(st.text(max_size=3), max_size=3)}
    | {name: st.text(st.characters(exclude_categories=["Cs"]), max_size=5) for name in FIELDS}
)


@given(ROW, ROW)
def test_different_content_has_different_hashes(one: Any, other: Any) -> None:
    assert (chain_hash(one, GENESIS, KEY) == chain_hash(other, GENESIS, KEY)) is (one == other)
    assert chain_hash(one, GENESIS, KEY) != chain_hash(one, GENESIS, b"other")
    with pytest.raises(ValueError, match="empty"):
        chain_hash(one, GENESIS, b"")
