"""The jobs of imports: a step is a transaction of up to a thousand rows that keeps where the next one begins."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.cipher import DataKey
from kit.security.principals import Actor, Reach
from kit.web.context import permissions_of
from kit.work import Work
from services.customer.imports import loading, repository, reverting, service
from services.customer.imports.columns import Plan
from services.customer.imports.enums import FileFormat, ImportState, TextEncoding
from services.customer.imports.models import Import
from services.customer.imports.planning import header_of, plan_of
from services.customer.imports.records import CsvRecords
from services.customer.imports.repository import ChunkPlace
from services.customer.imports.rules import CHUNK, Encodings
from services.customer.imports.workbooks import write_csv

MOST = 4 * 2**20
"""Bytes of a step: rows may be long."""
LAST = 2**62
"""Above every row."""
Permissions = Mapping[str, frozenset[str]]
Reaches = Mapping[str, Reach]


class _Stopped(Exception):
    """Somebody cancelled the import, or it is over already."""


class _Again(Exception):
    """What was in the way passes; the step is worked again."""


@dataclass(frozen=True, slots=True)
class _Run:
    """An import as its job works it."""

    runtime: Runtime
    job: JobContext
    import_id: UUID
    permissions: Permissions
    reaches: Reaches

    def work(self, tx: Tx, subject: str, roles: Sequence[str]) -> Work:
        """Work as somebody with these roles may do it today."""
        held = frozenset(roles)
        actor = Actor(subject, held, permissions_of(held, self.permissions))
        settings = self.runtime.settings
        return Work(tx=tx, actor=actor, service=self.runtime.service, settings=settings, reaches=self.reaches)

    async def locked(self, tx: Tx, state: ImportState) -> Import:
        """The import; raises _Stopped when it is not in this state, or another job's."""
        run = await repository.lock_import(tx, self.import_id)
        if run is None or run.state is not state or run.job_id != self.job.id:
            raise _Stopped
        return run

    async def key(self) -> DataKey:
        """The key of the file."""
        async with self.runtime.db.reading() as tx:
            return await service.key_of(tx, self.runtime.settings, self.import_id)

    async def pieces(self, key: DataKey, at: int = 0) -> AsyncIterator[bytes]:
        """The file from a byte on."""
        async with self.runtime.db.reading() as tx:
            places = await repository.chunk_places(tx, self.import_id)
        for place in places:
            if place.end > at:
                yield (await self._piece(key, place))[max(0, at - (place.end - place.size)) :]

    async def _piece(self, key: DataKey, place: ChunkPlace) -> bytes:
        async with self.runtime.db.reading() as tx:
            return await service.read_piece(tx, key, self.import_id, place)


def import_job(runtime: Runtime, permissions: Permissions, reaches: Reaches) -> JobHandler:
    """Handler of `imports.run`."""
    return partial(_guarded, runtime, permissions, reaches, ImportState.RUNNING, _import)


def revert_job(runtime: Runtime, permissions: Permissions, reaches: Reaches) -> JobHandler:
    """Handler of `imports.revert`."""
    return partial(_guarded, runtime, permissions, reaches, ImportState.REVERTING, _revert)


async def _guarded(
    runtime: Runtime,
    permissions: Permissions,
    reaches: Reaches,
    state: ImportState,
    step: Callable[[_Run], Awaitable[None]],
    job: JobContext,
) -> Mapping[str, Any]:
    """An expected refusal of the whole fails the import; one that passes is tried again."""
    run = _Run(runtime, job, UUID(job.params["import_id"]), permissions, reaches)
    try:
        await step(run)
    except _Stopped:
        return {}
    except AppError as error:
        if error.retryable:
            raise _Again(error.code) from error
        try:
            async with runtime.db.transaction() as tx:
                before = await run.locked(tx, state)
                work = run.work(tx, before.created_by, before.roles)
                await service.end_import(work, before, ImportState.FAILED, error)
        except _Stopped:
            return {}
    return {}


async def _import(run: _Run) -> None:
    key = await run.key()
    found = await _examined(run, key)
    async with run.runtime.db.transaction() as tx:
        plan = await plan_of(run.work(tx, found.created_by, found.roles), found)
    assert found.encoding is not None
    assert found.delimiter is not None
    state = run.job.state or {"at": 0, "row_no": 0, "rows": 0}
    records = CsvRecords(found.encoding, found.delimiter, state["at"])
    pieces = run.pieces(key, state["at"])
    row_no, rows = state["row_no"], state["rows"]
    is_over = False
    waiting: list[loading.Numbered] = []
    while True:
        taken = records.take(loading.AT_ONCE - len(waiting))
        for record in taken:
            row_no += 1
            if row_no > 1 and not record.is_blank:
                waiting.append(loading.Numbered(row_no, record))
        is_full = len(waiting) == loading.AT_ONCE or (waiting and waiting[-1].record.end - state["at"] > MOST)
        if is_full or (is_over and not taken and waiting):
            rows += len(waiting)
            state = {"at": waiting[-1].record.end, "row_no": waiting[-1].row_no, "rows": rows}
            await _step(run, plan, key, waiting, state)
            waiting = []
        elif not taken and is_over:
            break
        elif not taken:
            piece = await anext(pieces, None)
            if piece is None:
                records.finish()
                is_over = True
            else:
                records.feed(piece)
    async with run.runtime.db.transaction() as tx:
        before = await run.locked(tx, ImportState.RUNNING)
        work = run.work(tx, before.created_by, before.roles)
        await service.end_import(work, before, ImportState.SUCCEEDED)


async def _step(
    run: _Run, plan: Plan, key: DataKey, records: Sequence[loading.Numbered], state: dict[str, int]
) -> None:
    """Write rows, what became of them, the counts and where the next step begins, or nothing of it."""
    async with run.runtime.db.transaction() as tx:
        before = await run.locked(tx, ImportState.RUNNING)
        work = run.work(tx, before.created_by, before.roles)
        step = await loading.load_rows(work, before, plan, key, records)
        await repository.add_step(tx, run.import_id, step, clock.now())
        run.job.done, run.job.total = state["rows"], before.rows_total
        await run.job.checkpoint(state, tx)


async def _examined(run: _Run, key: DataKey) -> Import:
    """What the whole of the file shows: its encoding, what it is recognised by, how many rows it has."""
    async with run.runtime.db.transaction() as tx:
        before = await run.locked(tx, ImportState.RUNNING)
    if before.format is FileFormat.XLSX and before.encoding is None:
        await _convert(run, key)
    elif before.rows_total is not None:
        return before
    guess, digest, head, size = Encodings(), hashlib.sha256(), b"", 0
    async for piece in run.pieces(key):
        guess.feed(piece)
        digest.update(piece)
        head, size = head if len(head) >= CHUNK else head + piece, size + len(piece)
        run.job.check()
    guess.feed(b"", is_last=True)
    encoding = guess.found()
    delimiter, columns = header_of(head, is_whole=len(head) == size)
    found = {
        "encoding": encoding,
        "sha256": digest.hexdigest(),
        "delimiter": delimiter,
        "columns": columns,
        "rows_total": await _count(run, key, encoding, delimiter),
    }
    async with run.runtime.db.transaction() as tx:
        before = await run.locked(tx, ImportState.RUNNING)
        return await service.keep_found(run.work(tx, before.created_by, before.roles), before, found)


async def _count(run: _Run, key: DataKey, encoding: TextEncoding, delimiter: str) -> int:
    """How many rows the file has, its header and blank records aside."""
    records, count, row_no = CsvRecords(encoding, delimiter), 0, 0

    def counted() -> None:
        nonlocal count, row_no
        while taken := records.take(loading.AT_ONCE):
            count += sum(not record.is_blank for record in (taken[1:] if row_no == 0 else taken))
            row_no += len(taken)

    async for piece in run.pieces(key):
        records.feed(piece)
        counted()
        run.job.check()
    records.finish()
    counted()
    return count


async def _convert(run: _Run, key: DataKey) -> None:
    """Put the first sheet of a workbook, as CSV, in the place of the file."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        async for piece in run.pieces(key):
            source.write(piece)
        source.seek(0)
        await asyncio.to_thread(write_csv, source, target)
        target.seek(0)
        async with run.runtime.db.transaction() as tx:
            before = await run.locked(tx, ImportState.RUNNING)
            work = run.work(tx, before.created_by, before.roles)
            await service.replace_file(work, before, key, _read_pieces(target))
            await service.keep_found(work, before, {"encoding": TextEncoding.UTF_8})


def _read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


async def _revert(run: _Run) -> None:
    key = await run.key()
    subject, roles = run.job.params["subject"], run.job.params["roles"]
    above = (run.job.state or {"above": LAST})["above"]
    while True:
        async with run.runtime.db.transaction() as tx:
            before = await run.locked(tx, ImportState.REVERTING)
            work = run.work(tx, subject, roles)
            last, step = await reverting.revert_rows(work, before, key, above)
            if last is None:
                await service.end_import(work, before, ImportState.REVERTED)
                return
            await repository.add_step(tx, run.import_id, step, clock.now())
            run.job.done += step.reverted + step.kept
            above = last
            await run.job.checkpoint({"above": above}, tx)
