"""SQL of draws."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.points_draws.lists import TICKETS
from services.channels.points_draws.models import PointsDraw, PointsTicket

_COUNT = """
UPDATE points_draw SET tickets = tickets + 1, won = $2::jsonb, version = version + 1, updated_at = $3 WHERE id = $1
"""
_ALL = select_sql(PointsDraw, "state <> 'draft' ORDER BY id")
_TICKETS = select_sql(PointsTicket, "TRUE ORDER BY draw_id, number")
_OFF_THE_PRICE = """
WITH drawn AS (
    SELECT d.points_programme_id AS programme_id, sum(t.points) AS points
    FROM points_ticket t JOIN points_draw d ON d.id = t.draw_id GROUP BY 1
), booked AS (
    SELECT p.programme_id, -sum(e.points) AS points
    FROM points_entry e JOIN points_account p ON p.id = e.points_account_id
    WHERE e.kind = 'drawn' GROUP BY 1
), held AS (
    SELECT book, sum(balance) AS points FROM ledger_account WHERE bucket = 'drawn' GROUP BY 1
)
SELECT 'programme ' || coalesce(d.programme_id, b.programme_id) AS what
FROM drawn d FULL JOIN booked b USING (programme_id)
LEFT JOIN held h ON h.book = 'points:' || coalesce(d.programme_id, b.programme_id)
WHERE coalesce(d.points, 0) <> coalesce(b.points, 0) OR coalesce(b.points, 0) <> coalesce(h.points, 0)
"""


async def add_ticket(tx: Tx, row: PointsTicket) -> None:
    """Store a ticket."""
    await insert_rows(tx, PointsTicket, [row])


async def count_ticket(tx: Tx, draw_id: UUID, won: dict[str, int], moment: datetime) -> None:
    """One more ticket of a locked draw, and what is won of each prize."""
    await tx.execute(_COUNT, draw_id, dumps(won), moment)


async def find_ticket(tx: Tx, visible: ScopeQuery, ticket_id: UUID) -> PointsTicket | None:
    """A ticket of a member of the scope."""
    seen = visible.sees("a.owner_id", 2)
    sql = f"SELECT {columns_of(PointsTicket, 't')} FROM {TICKETS.source} WHERE t.id = $1 AND {seen}"
    return await tx.row(PointsTicket, sql, ticket_id, *visible.args)


async def all_draws(tx: Tx) -> Sequence[PointsDraw]:
    """Every draw that was ever open."""
    return await tx.rows(PointsDraw, _ALL)


def all_tickets(tx: Tx) -> AsyncIterable[PointsTicket]:
    """Every ticket, those of a draw together by number."""
    return tx.stream_rows(PointsTicket, _TICKETS)


async def off_the_price(tx: Tx) -> list[str]:
    """Programmes in which tickets, entries and the ledger do not say the same."""
    return [row["what"] for row in await tx.fetch(_OFF_THE_PRICE)]
