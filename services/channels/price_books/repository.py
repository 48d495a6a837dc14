"""SQL of price books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.price_books.models import PriceBook, PriceEntry
from services.channels.price_books.rules import Window

LOCK = 0x43524D_22
"""Advisory lock over all books: whoever publishes sees what was published before."""

_ENTRIES = select_sql(PriceEntry, "book_id = $1 ORDER BY code")
_VERSIONS = select_sql(PriceBook, "code = $1 ORDER BY book_version")
_LOCK_VERSIONS = "SELECT FROM price_book WHERE code = $1 ORDER BY book_version FOR NO KEY UPDATE"
_OTHERS = """
SELECT DISTINCT e.cell, b.code || ' ' || e.code AS name, GREATEST(b.valid_from, e.valid_from) AS start,
    LEAST(e.valid_to, n.valid_from - 1) AS "end"
FROM price_entry d
JOIN price_entry e ON e.cell = d.cell AND e.currency = d.currency
JOIN price_book b ON b.id = e.book_id AND b.state = 'published' AND b.code <> $2
LEFT JOIN LATERAL (SELECT min(x.valid_from) AS valid_from FROM price_book x
    WHERE x.code = b.code AND x.state = 'published' AND x.valid_from > b.valid_from) n ON true
WHERE d.book_id = $1
"""


async def hold_lock(tx: Tx) -> None:
    """Wait for whoever publishes, and keep others from it until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def lock_versions(tx: Tx, code: str) -> list[PriceBook]:
    """All versions of a book, oldest first, locked; read again then, for whoever was waited for may have added one."""
    await tx.execute(_LOCK_VERSIONS, code)
    return await tx.rows(PriceBook, _VERSIONS, code)


async def entries_of(tx: Tx, book_id: UUID) -> list[PriceEntry]:
    """Entries of a version by code."""
    return await tx.rows(PriceEntry, _ENTRIES, book_id)


async def replace_entries(tx: Tx, book_id: UUID, entries: Sequence[PriceEntry]) -> None:
    """Let a draft have exactly these entries."""
    await tx.execute("DELETE FROM price_entry WHERE book_id = $1", book_id)
    await insert_rows(tx, PriceEntry, entries)


async def others_in_its_cells(tx: Tx, book_id: UUID, code: str) -> list[Window]:
    """When published entries of other books hold for cells that a version has entries for."""
    return await tx.rows(Window, _OTHERS, book_id, code)


async def latest_start(tx: Tx, code: str) -> date | None:
    """The latest day from which a published version of a book counts."""
    found: date | None = await tx.fetchval(
        "SELECT max(valid_from) FROM price_book WHERE code = $1 AND state = 'published'", code
    )
    return found
