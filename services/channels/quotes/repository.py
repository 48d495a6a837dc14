"""SQL of quotes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_returning, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.quotes.models import Content, PriceFloorBreach, Quote, QuoteLine, QuotePart, QuoteTrace

_ONE = f"SELECT {columns_of(Quote, 'q')} FROM quote q WHERE q.id = $1"
_LINES = f"""
SELECT {columns_of(QuoteLine, "l")} FROM quote q JOIN quote_line l ON l.quote_id = q.id AND l.revision = q.revision
WHERE q.id = ANY($1::uuid[]) ORDER BY l.quote_id, l.line_no
"""
_PARTS = f"""
SELECT {columns_of(QuotePart, "p")} FROM quote q JOIN quote_part p ON p.quote_id = q.id AND p.revision = q.revision
WHERE q.id = ANY($1::uuid[]) ORDER BY p.quote_id, p.line_no, p.code
"""
_GIFTS = """
SELECT l.quote_id, l.line_no FROM quote q JOIN quote_line l ON l.quote_id = q.id AND l.revision = q.revision
WHERE q.id = ANY($1::uuid[]) AND l.is_gift
"""
_LOCK = select_sql(Quote, "id = ANY($1::uuid[]) OR order_id = ANY($2::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_READ = select_sql(Quote, "id = ANY($1::uuid[])")
_TRACE = select_sql(QuoteTrace, "quote_id = $1 AND revision = $2")
_LINES_OF = select_sql(QuoteLine, "quote_id = $1 AND revision = $2 ORDER BY line_no")
_PARTS_OF = select_sql(QuotePart, "quote_id = $1 AND revision = $2 ORDER BY line_no, code")
_MEMBER = """
SELECT id FROM principal
WHERE subject = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) ORDER BY valid_from DESC LIMIT 1
"""


async def next_number(tx: Tx) -> int:
    """The next number of the sequence; a rollback leaves a gap."""
    return int(await tx.fetchval("SELECT nextval('quote_number_seq')"))


async def member_of(tx: Tx, subject: str, day: date) -> UUID | None:
    """The member that a token subject is on a day."""
    found: UUID | None = await tx.fetchval(_MEMBER, subject, day)
    return found


async def find_quote(tx: Tx, visible: ScopeQuery, quote_id: UUID, *, lock: bool) -> Quote | None:
    """A quote of the scope, by its own owner or by its account's, locked on request."""
    accounts = f"EXISTS (SELECT FROM account_fact a WHERE a.id = q.account_id AND {visible.sees('a.owner_id', 2)})"
    locked = "FOR NO KEY UPDATE OF q" if lock else ""
    sql = f"{_ONE} AND ({visible.sees('q.owner_id', 2)} OR {accounts}) {locked}"
    return await tx.row(Quote, sql, quote_id, *visible.args)


async def add_content(tx: Tx, content: Content) -> None:
    """Write a revision."""
    await insert_rows(tx, QuoteLine, content.lines)
    await insert_rows(tx, QuotePart, content.parts)
    await insert_rows(tx, QuoteTrace, [content.trace])


async def contents_of(tx: Tx, quote_ids: Sequence[UUID]) -> tuple[list[QuoteLine], list[QuotePart]]:
    """Lines and parts of the latest revision of quotes."""
    return await tx.rows(QuoteLine, _LINES, quote_ids), await tx.rows(QuotePart, _PARTS, quote_ids)


async def add_breaches(tx: Tx, rows: Sequence[PriceFloorBreach]) -> set[tuple[UUID, int]]:
    """Store lines under their floors; which were new: (order, line)."""
    added = await insert_returning(tx, PriceFloorBreach, rows, "ON CONFLICT DO NOTHING RETURNING order_id, line_no")
    return {(row["order_id"], row["line_no"]) for row in added}


async def gift_lines(tx: Tx, quote_ids: Collection[UUID]) -> set[tuple[UUID | None, int]]:
    """Which lines of quotes are gifts: (quote, line)."""
    rows = await tx.fetch(_GIFTS, sorted(quote_ids)) if quote_ids else []
    return {(row["quote_id"], row["line_no"]) for row in rows}


async def find_content(tx: Tx, quote_id: UUID, revision: int) -> Content | None:
    """A revision of a quote."""
    trace = await tx.row(QuoteTrace, _TRACE, quote_id, revision)
    if trace is None:
        return None
    lines = await tx.rows(QuoteLine, _LINES_OF, quote_id, revision)
    return Content(tuple(lines), tuple(await tx.rows(QuotePart, _PARTS_OF, quote_id, revision)), trace)


async def lock_quotes(tx: Tx, quote_ids: Sequence[UUID], order_ids: Sequence[UUID]) -> list[Quote]:
    """Quotes by id, and those that belong to orders, locked in the order of their ids."""
    return await tx.rows(Quote, _LOCK, quote_ids, order_ids)


async def read_quotes(tx: Tx, quote_ids: Sequence[UUID]) -> list[Quote]:
    """Quotes by id."""
    return await tx.rows(Quote, _READ, quote_ids)
