"""Use cases of imports: a file comes in parts, is read, and what it wrote can be taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import AppError, Forbidden, Invalid, NotFound
from kit.ids import new_id
from kit.jobs.jobs import JobAlreadyFinished, enqueue, request_cancel
from kit.records import Change, Resource, add, audit_seen, change, fresh
from kit.security.cipher import DataKey
from kit.security.data_keys import data_keys, sealing_keys
from kit.settings import ServiceSettings
from kit.transitions import next_state
from kit.work import Work
from services.customer.directories.service import seller_of_subject
from services.customer.events_out.imports import ImportFinished
from services.customer.imports import repository
from services.customer.imports.enums import FileFormat, ImportState
from services.customer.imports.models import Import, ImportChunk, Options
from services.customer.imports.planning import header_of, plan_of
from services.customer.imports.repository import ChunkPlace
from services.customer.imports.rules import (
    CHUNK,
    MAX_FILE,
    MAX_PART,
    MOVES,
    NOUN,
    FileTooLarge,
    ImportDryRun,
    ImportPurged,
    check_parts,
    escaped,
    format_of,
)
from services.customer.imports.schemas import ImportCreate, ImportStart
from services.customer.imports.sealing import NO_DETAILS, open_chunk, open_details, seal_chunk
from services.customer.imports.workbooks import MAX_WORKBOOK
from services.customer.persons.sealing import ring_of

RUN: Final = "imports.run"
REVERT: Final = "imports.revert"
"""Kinds of the jobs."""
KEPT: Final = timedelta(days=7)
LOOK: Final = timedelta(minutes=2)
"""How often a running job is looked after."""
FINAL: Final = (ImportState.SUCCEEDED, ImportState.FAILED, ImportState.CANCELLED, ImportState.REVERTED)


def _imports(work: Work) -> Resource[Import]:
    def said(one: Change[Import]) -> ImportFinished | None:
        if "state" not in one.changed or one.after.state not in FINAL or not one.after.job_id:
            return None
        return ImportFinished.of(one.after, changed=sorted(one.changed), business_date=work.today)

    return Resource("import", Import, said, audited=("kind",))


async def create_import(work: Work, data: ImportCreate) -> Import:
    """Open an import; raises KeysUnset."""
    begun = fresh()
    run = Import(
        **begun,
        kind=data.kind,
        created_by=work.actor.subject,
        owner_id=await seller_of_subject(work, work.actor.subject),
        constants={},
        options=Options(),
        due_at=begun["created_at"] + KEPT,
    )
    await sealing_keys(work.tx, ring_of(work.settings), [run.id])
    return await add(work, _imports(work), run)


async def _is_seen(work: Work, run: Import) -> bool:
    scope = await work.scope()
    return run.created_by == work.actor.subject or scope.everything or scope.sees(run.owner_id)


async def get_import(work: Work, import_id: UUID, *, lock: bool = False) -> Import:
    """An import of the caller or of somebody in their scope; raises NotFound."""
    read = repository.lock_import if lock else repository.load_import
    run = await read(work.tx, import_id)
    if run is None or not await _is_seen(work, run):
        raise NotFound(what="import")
    return run


async def key_of(tx: Tx, settings: ServiceSettings, import_id: UUID) -> DataKey:
    """The key of what an import keeps; raises ImportPurged, KeysUnset."""
    key = (await data_keys(tx, ring_of(settings), [import_id])).get(import_id)
    if key is None:
        raise ImportPurged()
    return key


async def put_part(work: Work, import_id: UUID, part_no: int, content: bytes) -> tuple[Import, int]:
    """Take in a part of the file, in the place of what it was; raises NotFound, StateConflict, FileTooLarge."""
    before = await get_import(work, import_id, lock=True)
    next_state(NOUN, MOVES, "start", before.state)
    if not content:
        raise Invalid("the part is empty")
    if len(content) > MAX_PART:
        raise FileTooLarge(f"a part has at most {MAX_PART} bytes")
    pieces = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    digests = [hashlib.sha256(piece).digest() for piece in pieces]
    if await repository.part_digests(work.tx, import_id, part_no) == digests:
        return before, before.size
    key = await key_of(work.tx, work.settings, import_id)
    chunks = [_sealed(key, import_id, part_no, number, piece) for number, piece in enumerate(pieces)]
    size = await repository.put_part(work.tx, import_id, part_no, chunks)
    if size > MAX_FILE:
        raise FileTooLarge(f"a file has at most {MAX_FILE} bytes")
    return await change(work, _imports(work), before, {"size": size}, action="upload"), size


def _sealed(key: DataKey, import_id: UUID, part_no: int, chunk_no: int, content: bytes) -> ImportChunk:
    chunk_id = new_id()
    return ImportChunk(
        import_id=import_id,
        part_no=part_no,
        chunk_no=chunk_no,
        id=chunk_id,
        size=len(content),
        digest=hashlib.sha256(content).digest(),
        content=seal_chunk(key, chunk_id, content),
    )


async def replace_file(work: Work, run: Import, key: DataKey, pieces: Iterable[bytes]) -> None:
    """Let the file of a locked import be these pieces."""
    chunks = (_sealed(key, run.id, 1, number, piece) for number, piece in enumerate(pieces))
    await repository.put_part(work.tx, run.id, None, chunks)


async def read_piece(tx: Tx, key: DataKey, import_id: UUID, place: ChunkPlace) -> bytes:
    """A piece of the file; raises ImportPurged."""
    stored = await repository.load_chunk(tx, import_id, place)
    if stored is None:
        raise ImportPurged()
    return open_chunk(key, place.id, stored)


async def _head(work: Work, run: Import, key: DataKey, places: Sequence[ChunkPlace]) -> bytes:
    """The first piece of the file, of several where they are small."""
    head = b""
    for place in places:
        head += await read_piece(work.tx, key, run.id, place)
        if len(head) >= CHUNK:
            break
    return head


async def start_import(work: Work, import_id: UUID, data: ImportStart) -> Import:
    """Let the file be read as `data` says, or again after a trial; raises NotFound, StateConflict, Forbidden,
    ImportPurged, PartMissing, EncodingUnknown, ColumnUnknown, FieldUnknown, RequiredColumn, FileTooLarge."""
    before = await get_import(work, import_id, lock=True)
    if not (before.dry_run and before.state is ImportState.SUCCEEDED):
        next_state(NOUN, MOVES, "start", before.state)
    if not work.actor.may(f"{before.kind}:write"):
        raise Forbidden(f"needs the permission {before.kind}:write")
    if before.purged_at is not None:
        raise ImportPurged()
    changes = _counted_anew() | {
        "state": ImportState.RUNNING,
        "roles": tuple(sorted(work.actor.roles)),
        "mapping": data.mapping,
        "constants": data.constants,
        "key": data.key,
        "options": Options(**data.options.model_dump()),
        "dry_run": data.dry_run,
        "started_at": clock.now(),
        "due_at": clock.now() + LOOK,
    }
    key = await key_of(work.tx, work.settings, import_id)
    places = await repository.chunk_places(work.tx, import_id)
    check_parts({place.part_no: place.size for place in places})
    if before.encoding is None:
        head = await _head(work, before, key, places)
        changes["format"] = format_of(head)
        if changes["format"] is FileFormat.XLSX and before.size > MAX_WORKBOOK:
            raise FileTooLarge(f"a workbook has at most {MAX_WORKBOOK} bytes")
        if changes["format"] is FileFormat.CSV:
            is_whole = len(head) == before.size
            changes["delimiter"], changes["columns"] = header_of(head, is_whole=is_whole)
    after = before.model_copy(update=changes)
    if after.columns or after.format is FileFormat.CSV:
        await plan_of(work, after)
    changes["job_id"] = await enqueue(work.tx, RUN, {"import_id": str(import_id)}, work.actor.subject)
    await repository.drop_rows(work.tx, import_id)
    return await change(work, _imports(work), before, changes, action="start")


def _counted_anew() -> dict[str, Any]:
    counts = dict.fromkeys(("done", "created", "updated", "unchanged", "failed", "reverted", "kept"), 0)
    return {**counts, "problem": None, "problem_detail": None, "finished_at": None}


async def cancel_import(work: Work, import_id: UUID) -> Import:
    """Go no further: what was written stays, and can be taken back. Raises NotFound, StateConflict."""
    before = await get_import(work, import_id, lock=True)
    next_state(NOUN, MOVES, "cancel", before.state)
    if before.job_id is not None:
        with suppress(JobAlreadyFinished):
            await request_cancel(work.tx, before.job_id)
    return await end_import(work, before, ImportState.CANCELLED, action="cancel")


async def revert_import(work: Work, import_id: UUID) -> Import:
    """Take back what the import wrote and nobody has worked with since: a job. Raises NotFound, StateConflict,
    ImportDryRun, ImportPurged, Forbidden."""
    before = await get_import(work, import_id, lock=True)
    state = next_state(NOUN, MOVES, "revert", before.state)
    if before.dry_run:
        raise ImportDryRun()
    if before.purged_at is not None:
        raise ImportPurged()
    if not work.actor.may(f"{before.kind}:write"):
        raise Forbidden(f"needs the permission {before.kind}:write")
    asked = {"import_id": str(import_id), "subject": work.actor.subject, "roles": sorted(work.actor.roles)}
    job_id = await enqueue(work.tx, REVERT, asked, work.actor.subject)
    changes = {"state": state, "job_id": job_id, "reverted": 0, "kept": 0, "due_at": clock.now() + LOOK}
    return await change(work, _imports(work), before, changes, action="revert")


async def end_import(
    work: Work, before: Import, state: ImportState, error: AppError | None = None, *, action: str = "finish"
) -> Import:
    """Say how a locked import ended; its file is kept for another seven days."""
    now = clock.now()
    changes: dict[str, Any] = {"state": state, "finished_at": now, "due_at": now + KEPT}
    if error is not None:
        named = "; ".join(f"{one.pointer} {one.detail}" for one in error.errors)
        changes |= {"problem": error.code, "problem_detail": (named or error.detail)[:1_000]}
    return await change(work, _imports(work), before, changes, action=action)


async def keep_found(work: Work, before: Import, found: dict[str, Any]) -> Import:
    """Keep what was found out about the file of a locked import."""
    return await change(work, _imports(work), before, found, action="read")


async def purge_import(work: Work, before: Import) -> None:
    """Delete the file of a locked import and destroy the key of all that is kept of it; what was never started is
    cancelled."""
    await repository.purge(work.tx, before.id)
    await repository.erase_key(work.tx, before.id)
    changes: dict[str, Any] = {"due_at": None, "purged_at": clock.now()}
    if before.state is ImportState.OPEN:
        changes |= {"state": ImportState.CANCELLED, "finished_at": clock.now()}
    await change(work, _imports(work), before, changes, action="purge")


async def look_after(work: Work, before: Import) -> None:
    """A job that ended otherwise than by its own word (killed too often) takes its locked import along."""
    assert before.job_id is not None
    if await repository.is_job_open(work.tx, before.job_id):
        await repository.look_again(work.tx, before.id, clock.now() + LOOK)
        return
    await end_import(work, before, ImportState.FAILED, JobGone())


class JobGone(AppError):
    """The work on an import was given up."""

    code, title = "import-job-failed", "The work was given up after several attempts"


async def shown_rows(work: Work, run: Import, items: list[dict[str, Any]]) -> None:
    """Rows of a list with what is wrong with them, in their places."""
    if not any("problems" in item for item in items):
        return
    keys = await data_keys(work.tx, ring_of(work.settings), [run.id])
    for item in items:
        row_no, outcome, stored = item["problems"]
        details = open_details(keys.get(run.id), run.id, row_no, stored) if outcome == "failed" else NO_DETAILS
        item["problems"] = details.get("problems", [])


async def errors_of(work: Work, import_id: UUID) -> tuple[Import, DataKey]:
    """An import whose rows that failed are asked for, with their cells, which leaves a trace; raises NotFound,
    ImportPurged."""
    run = await get_import(work, import_id)
    key = await key_of(work.tx, work.settings, import_id)
    await audit_seen(work, "import", [import_id])
    return run, key


async def error_lines(tx: Tx, import_id: UUID, key: DataKey, after: int) -> tuple[list[list[str]], int]:
    """Some lines of the file of errors behind a row, and the last row."""
    lines = []
    for row in await repository.failed_rows(tx, import_id, after, 1_000):
        details = open_details(key, import_id, row.row_no, row.details)
        found = details.get("problems", [])
        told = ["; ".join(dict.fromkeys(one[name] for one in found)) for name in ("column", "code", "reason")]
        lines.append([str(row.row_no), *map(escaped, told), *map(escaped, details.get("cells", []))])
        after = row.row_no
    return lines, after
