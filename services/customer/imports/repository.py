"""SQL of imports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from kit.jobs.jobs import get_job
from kit.security.data_keys import erase
from services.customer.imports.enums import RowOutcome
from services.customer.imports.models import Import, ImportChunk, ImportRow

_PLACES = """
SELECT part_no, chunk_no, id, size, (sum(size) OVER (ORDER BY part_no, chunk_no))::bigint AS "end"
FROM import_chunk WHERE import_id = $1 ORDER BY part_no, chunk_no
"""
_CHUNK = "SELECT content FROM import_chunk WHERE import_id = $1 AND part_no = $2 AND chunk_no = $3"
_STEP = """
UPDATE import_run SET version = version + 1, updated_at = $2, done = done + $3 + $4 + $5, created = created + $3,
  updated = updated + $4, unchanged = unchanged + $5, failed = failed + $6, reverted = reverted + $7, kept = kept + $8
WHERE id = $1
"""
_KNOWN = "SELECT key_hash FROM import_row WHERE import_id = $1 AND key_hash = ANY($2::bytea[])"
_FAILED = select_sql(
    ImportRow, "import_id = $1 AND outcome = 'failed' AND row_no > $2 ORDER BY import_id, outcome, row_no LIMIT $3"
)
_TO_REVERT = select_sql(
    ImportRow,
    "import_id = $1 AND row_no < $2 AND outcome IN ('created', 'updated') AND NOT is_reverted "
    "ORDER BY row_no DESC LIMIT $3",
)
_PUT_REVERTED = """
UPDATE import_row r SET is_reverted = n.kept_reason IS NULL, kept_reason = n.kept_reason
FROM unnest($2::bigint[], $3::text[]) AS n(row_no, kept_reason) WHERE r.import_id = $1 AND r.row_no = n.row_no
"""
_WITH_CHILDREN = """
SELECT a.id FROM unnest($1::uuid[]) AS a(id)
WHERE EXISTS (SELECT FROM orders o WHERE o.account_id = a.id AND o.state <> 'cancelled')
  OR EXISTS (SELECT FROM payment p WHERE p.account_id = a.id AND p.voided_on IS NULL)
  OR EXISTS (SELECT FROM contact c WHERE c.account_id = a.id AND c.archived_at IS NULL)
  OR EXISTS (SELECT FROM opportunity p WHERE p.account_id = a.id AND p.lost_reason IS DISTINCT FROM $2)
  OR EXISTS (SELECT FROM activity t WHERE t.account_id = a.id)
  OR EXISTS (SELECT FROM service_case s WHERE s.account_id = a.id)
  OR EXISTS (SELECT FROM lead l WHERE l.account_id = a.id)
"""
ROWS = tuple(ImportRow.model_fields)


class ChunkPlace(NamedTuple):
    """Where a piece stands in its file; `end` is the byte behind it."""

    part_no: int
    chunk_no: int
    id: UUID
    size: int
    end: int


class Step(NamedTuple):
    """What a step adds to the counts of an import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    reverted: int = 0
    kept: int = 0


async def lock_import(tx: Tx, import_id: UUID) -> Import | None:
    """An import, locked until the transaction ends."""
    return await tx.row(Import, select_sql(Import, "id = $1 FOR NO KEY UPDATE"), import_id)


async def load_import(tx: Tx, import_id: UUID) -> Import | None:
    """An import."""
    return await tx.row(Import, select_sql(Import, "id = $1"), import_id)


async def chunk_places(tx: Tx, import_id: UUID) -> list[ChunkPlace]:
    """The pieces of a file in their order."""
    return await tx.rows(ChunkPlace, _PLACES, import_id)


async def load_chunk(tx: Tx, import_id: UUID, place: ChunkPlace) -> bytes | None:
    """A piece of a file, sealed; None when it was deleted."""
    found: bytes | None = await tx.fetchval(_CHUNK, import_id, place.part_no, place.chunk_no)
    return found


async def part_digests(tx: Tx, import_id: UUID, part_no: int) -> list[bytes]:
    """What the pieces of a part are recognised by."""
    sql = "SELECT digest FROM import_chunk WHERE import_id = $1 AND part_no = $2 ORDER BY chunk_no"
    return [row["digest"] for row in await tx.fetch(sql, import_id, part_no)]


async def put_part(tx: Tx, import_id: UUID, part_no: int | None, chunks: Iterable[ImportChunk]) -> int:
    """Replace the pieces of a part, or of the whole file; returns the size of the file."""
    await tx.execute(
        "DELETE FROM import_chunk WHERE import_id = $1 AND part_no = coalesce($2, part_no)", import_id, part_no
    )
    names = tuple(ImportChunk.model_fields)
    await tx.copy("import_chunk", names, (tuple(getattr(one, name) for name in names) for one in chunks))
    sql = "SELECT coalesce(sum(size), 0)::bigint FROM import_chunk WHERE import_id = $1"
    return int(await tx.fetchval(sql, import_id))


async def known_keys(tx: Tx, import_id: UUID, hashes: Collection[bytes]) -> set[bytes]:
    """Those of these keys that earlier rows of the file have."""
    return set(await tx.column(bytes, _KNOWN, import_id, list(hashes)))


async def add_rows(tx: Tx, rows: Sequence[ImportRow]) -> None:
    """Write what became of rows."""
    await tx.copy("import_row", ROWS, [tuple(getattr(row, name) for name in ROWS) for row in rows])


async def drop_rows(tx: Tx, import_id: UUID) -> None:
    """Forget what became of the rows of a trial."""
    await tx.execute("DELETE FROM import_row WHERE import_id = $1", import_id)


async def add_step(tx: Tx, import_id: UUID, step: Step, at: datetime) -> None:
    """Add to the counts of a locked import."""
    await tx.execute(_STEP, import_id, at, *step)


async def failed_rows(tx: Tx, import_id: UUID, after: int, limit: int) -> list[ImportRow]:
    """Rows that failed, in the order of the file."""
    return await tx.rows(ImportRow, _FAILED, import_id, after, limit)


async def rows_to_revert(tx: Tx, import_id: UUID, before: int, limit: int) -> list[ImportRow]:
    """Rows that wrote something, the last of the file first."""
    return await tx.rows(ImportRow, _TO_REVERT, import_id, before, limit)


async def put_reverted(tx: Tx, import_id: UUID, reasons: Mapping[int, str | None]) -> None:
    """Mark rows as taken back, or why they were not."""
    await tx.execute(_PUT_REVERTED, import_id, list(reasons), list(reasons.values()))


async def accounts_with_children(tx: Tx, ids: Collection[UUID], lost_reason: str) -> set[UUID]:
    """Those of these accounts under which something stands, apart from what a revert left (`lost_reason`)."""
    return {row["id"] for row in await tx.fetch(_WITH_CHILDREN, list(ids), lost_reason)} if ids else set()


async def purge(tx: Tx, import_id: UUID) -> None:
    """Delete the file of an import."""
    await tx.execute("DELETE FROM import_chunk WHERE import_id = $1", import_id)


def count(outcomes: Sequence[RowOutcome]) -> Step:
    """The counts of outcomes."""
    return Step(*(outcomes.count(one) for one in RowOutcome))


async def erase_key(tx: Tx, import_id: UUID) -> None:
    """Destroy the key of what an import keeps."""
    await erase(tx, import_id)


async def is_job_open(tx: Tx, job_id: UUID) -> bool:
    """Whether a job is still to be done."""
    job = await get_job(tx, job_id)
    return job is not None and job["state"] in ("queued", "running")


async def look_again(tx: Tx, import_id: UUID, at: datetime) -> None:
    """When a job is looked after next: no change of the import's."""
    await tx.execute("UPDATE import_run SET due_at = $2 WHERE id = $1", import_id, at)
