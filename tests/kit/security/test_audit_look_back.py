"""Looking back: a worker sees every change of sealed rows, wherever its walk stands."""

from __future__ import annotations

from kit.db.database import Database
from kit.security.audit_chain import AuditSealer, LookBack
from tests.kit.security.chain import KEY, change, changes, tamper, write


@changes
async def test_looking_back_finds_every_change(db: Database, sealer: AuditSealer, sql: str, first: int) -> None:
    await write(db, 10)
    await sealer.turn()
    await write(db, 2)
    back = LookBack(db, KEY)
    for _ in range(11):
        await back.step(rows=3)
        assert back.broken is None
    await change(db, sql)
    for _ in range(5):
        await back.step(rows=3)
    assert back.broken is not None
    again = LookBack(db, KEY)
    for _ in range(5):
        await again.step(rows=3)
    assert again.broken is not None
    assert again.broken.id == first


async def test_looking_back_goes_on_when_the_row_is_as_it_was(db: Database, sealer: AuditSealer) -> None:
    await write(db, 10)
    await sealer.turn()
    back, behind = LookBack(db, KEY), LookBack(db, KEY, since=5)
    await tamper(db, "UPDATE audit_log SET actor = 'nobody' WHERE id = 4")
    for _ in range(9):
        await back.step(rows=3)
        await behind.step(rows=3)
    assert (back.broken and back.broken.id, behind.broken) == (4, None)
    await tamper(db, "UPDATE audit_log SET actor = 'x' WHERE id = 4")
    await back.step(rows=3)
    assert back.broken is None


async def test_looking_back_while_rows_are_written_and_sealed(db: Database, sealer: AuditSealer) -> None:
    back = LookBack(db, KEY)
    for size in (0, 1, 5, 2, 3, 4, 1, 7, 3, 3):
        await write(db, size)
        for step in range(3):
            await back.step(rows=3)
            assert back.broken is None
            if step == size % 3:
                await sealer.turn()
