"""SQL of price books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.price_books.models import PriceBook, PriceEntry
from services.channels.price_books.rules import Buyer, Window

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
_IN_FORCE = """
WITH book AS (
    SELECT DISTINCT ON (b.code) b.id, b.code, b.round_to, b.ending, b.min_markup, b.valid_from, (
        SELECT min(n.valid_from) - 1 FROM price_book n
        WHERE n.code = b.code AND n.state = 'published' AND n.valid_from > $3::date
    ) AS valid_to
    FROM price_book b WHERE b.state = 'published' AND b.valid_from <= $3::date ORDER BY b.code, b.valid_from DESC
)
SELECT e.code, b.code AS book, b.min_markup, b.round_to, b.ending, e.currency, e.sku, e.product_line,
    e.account_id, e.partner_id, e.tier, e.segment_id, e.grade, e.channel_id, e.region,
    e.method, e.breaks, e.markup, e.position, e.min_sources, e.adjustment, e.final,
    GREATEST(b.valid_from, e.valid_from) AS start, LEAST(e.valid_to, b.valid_to) AS "end"
FROM price_entry e JOIN book b ON b.id = e.book_id
WHERE (e.sku = ANY($1::text[]) OR e.product_line = ANY($2::text[]))
    AND (e.valid_from IS NULL OR e.valid_from <= $3::date) AND (e.valid_to IS NULL OR e.valid_to >= $3::date)
    AND (e.account_id IS NULL OR e.account_id = ANY($4::uuid[])) AND (e.partner_id IS NULL OR e.partner_id = $5::uuid)
    AND (e.channel_id IS NULL OR e.channel_id = $6::uuid)
"""


class EntryInForce(NamedTuple):
    """An entry of the version of its book that counts on a day; `breaks` as JSON text."""

    code: str
    book: str
    min_markup: int
    round_to: int
    ending: int
    currency: str
    sku: str | None
    product_line: str | None
    account_id: UUID | None
    partner_id: UUID | None
    tier: str | None
    segment_id: UUID | None
    grade: str | None
    channel_id: UUID | None
    region: str | None
    method: str
    breaks: str
    markup: int | None
    position: int | None
    min_sources: int | None
    adjustment: int | None
    final: bool
    start: date
    end: date | None


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


async def highest_markup(tx: Tx) -> int:
    """The highest of the least markups of published books; 0 without any."""
    found: int = await tx.fetchval("SELECT coalesce(max(min_markup), 0) FROM price_book WHERE state = 'published'")
    return found


async def list_in_force(tx: Tx, skus: Sequence[str], lines: Sequence[str], buyer: Buyer) -> list[EntryInForce]:
    """Entries for these products or lines that hold on the day, without those for other accounts, partners or
    channels."""
    accounts = [each for each in {buyer.account_id, *buyer.also} if each is not None]
    named = (accounts, buyer.partner_id, buyer.channel_id)
    return await tx.rows(EntryInForce, _IN_FORCE, skus, lines, buyer.day, *named)
