"""SQL of reservations of terms."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.terms.enums import ReservationState
from services.channels.terms.models import TermsHold, TermsPart, TermsReservation

_LOCK = select_sql(TermsReservation, "order_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
_PARTS = select_sql(TermsPart, "reservation_id = ANY($1::uuid[]) ORDER BY reservation_id, line_no, promotion_id")
_ALL = select_sql(TermsReservation, "TRUE ORDER BY order_id, placement")
_OFF_THE_BOOKS = """
WITH held AS (
    SELECT 'promotion:' || p.promotion_id AS book, t.account_id AS holder, t.state AS bucket,
        sum(p.amount_base - p.returned_base) AS money,
        count(DISTINCT t.id) FILTER (WHERE NOT t.is_returned) AS use
    FROM terms_reservation t JOIN terms_part p ON p.reservation_id = t.id
    WHERE t.state IN ('reserved', 'committed') GROUP BY 1, 2, 3
), said AS (
    SELECT book, holder, bucket, unit, amount
    FROM held CROSS JOIN LATERAL (VALUES ('money', money), ('use', use)) AS v(unit, amount)
)
SELECT 'book ' || coalesce(a.book, s.book) AS what
FROM (SELECT * FROM ledger_account WHERE bucket <> 'granted' AND book LIKE 'promotion:%') a
FULL JOIN said s ON s.book = a.book AND s.holder = a.holder AND s.bucket = a.bucket AND s.unit = a.unit
WHERE coalesce(a.balance, 0) <> coalesce(s.amount, 0)
"""
_OFF_THE_POINTS = """
WITH used AS (
    SELECT u.redemption_id, u.points_account_id,
        CASE t.state WHEN 'committed' THEN 'redeemed' ELSE t.state END AS bucket,
        sum(u.points - u.returned) AS points
    FROM points_use u LEFT JOIN terms_reservation t ON t.id = coalesce(u.main_id, u.redemption_id) GROUP BY 1, 2, 3
), held AS (SELECT points_account_id AS holder, bucket, sum(points) AS points FROM used GROUP BY 1, 2)
SELECT 'member ' || coalesce(a.holder, h.holder) || ' ' || coalesce(a.bucket, h.bucket, 'nobody') AS what
FROM (
    SELECT holder, bucket, balance FROM ledger_account WHERE unit = 'point' AND bucket IN ('reserved', 'redeemed')
) a FULL JOIN held h ON h.holder = a.holder AND h.bucket = a.bucket
WHERE coalesce(a.balance, 0) <> coalesce(h.points, 0)
UNION ALL
SELECT 'reservation ' || t.id FROM terms_reservation t
WHERE t.state = 'reserved' AND t.points <> coalesce(
    (SELECT sum(u.points - u.returned) FROM points_use u WHERE t.id IN (u.redemption_id, u.main_id)), 0)
UNION ALL
SELECT 'redemption ' || coalesce(u.redemption_id, l.redemption_id)
FROM (SELECT redemption_id, sum(points) AS points FROM points_use GROUP BY 1) u
FULL JOIN (SELECT redemption_id, sum(points) AS points FROM points_use_lot GROUP BY 1) l USING (redemption_id)
WHERE u.points IS DISTINCT FROM l.points
"""
_OFF_THE_COUPONS = """
SELECT 'coupon ' || c.id AS what FROM coupon c
WHERE c.order_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM terms_reservation t JOIN quote q ON q.id = t.quote_id
    WHERE t.order_id = c.order_id AND t.state IN ('reserved', 'committed') AND c.id = ANY(q.coupon_ids))
UNION ALL
SELECT 'order ' || t.order_id
FROM terms_reservation t JOIN quote q ON q.id = t.quote_id CROSS JOIN LATERAL unnest(q.coupon_ids) AS n(id)
JOIN coupon c ON c.id = n.id
WHERE t.state IN ('reserved', 'committed') AND NOT t.is_overdrawn AND c.code IS NULL
    AND c.order_id IS DISTINCT FROM t.order_id
"""
_MOVE = """
UPDATE terms_reservation t
SET version = t.version + r.facts, state = r.state, released_at = coalesce(t.released_at, r.released_at),
    is_overdrawn = t.is_overdrawn OR r.is_overdrawn,
    is_returned = t.is_returned OR r.is_returned, returned_base = t.returned_base + r.returned_base
FROM json_to_recordset($1::json) AS r(
    id uuid, facts int, state text, is_overdrawn bool, is_returned bool, returned_base bigint, released_at timestamptz)
WHERE t.id = r.id
"""
_GIVE_BACK = """
UPDATE terms_part t SET returned_base = t.returned_base + r.amount_base
FROM json_to_recordset($1::json) AS r(reservation_id uuid, line_no int, promotion_id uuid, amount_base bigint)
WHERE t.reservation_id = r.reservation_id AND t.line_no = r.line_no AND t.promotion_id = r.promotion_id
"""
_BREAK = """
UPDATE terms_part t SET is_threshold_broken = TRUE
FROM json_to_recordset($1::json) AS r(reservation_id uuid, promotion_id uuid)
WHERE t.reservation_id = r.reservation_id AND t.promotion_id = r.promotion_id
"""
_BROKEN = """
SELECT count(DISTINCT p.reservation_id) FROM terms_part p JOIN terms_reservation t ON t.id = p.reservation_id
WHERE p.promotion_id = $1 AND p.is_threshold_broken AND NOT t.is_returned
"""
_ONE = f"SELECT {columns_of(TermsReservation, 't')} FROM terms_reservation t WHERE t.id = $1"
_HELD = select_sql(TermsHold, "id = $1")
_HOLD = """
INSERT INTO terms_hold (id, order_id, placement, held_at, due_at)
SELECT r.id, r.order_id, r.placement, r.held_at, r.due_at FROM json_populate_recordset(NULL::terms_hold, $1::json) r
WHERE NOT EXISTS (SELECT FROM terms_hold h WHERE h.id = r.id)
"""
_SETTLE = "UPDATE terms_hold SET due_at = NULL WHERE id = ANY($1::uuid[])"
_WATCHED = "SELECT id FROM terms_hold"


class Moved(NamedTuple):
    """What facts make of a reservation."""

    id: UUID
    state: ReservationState
    is_overdrawn: bool = False
    is_returned: bool = False
    returned_base: int = 0
    facts: int = 1
    released_at: datetime | None = None


class PartBack(NamedTuple):
    """What of a part comes back, in base currency."""

    reservation_id: UUID
    line_no: int
    promotion_id: UUID
    amount_base: int


class Broken(NamedTuple):
    """A promotion whose threshold what an order kept does not reach."""

    reservation_id: UUID
    promotion_id: UUID


async def lock_reservations(tx: Tx, order_ids: Sequence[UUID]) -> list[TermsReservation]:
    """All answers to placements of orders, locked; the first statement of every writer of reservations."""
    return await tx.rows(TermsReservation, _LOCK, order_ids)


async def parts_of(tx: Tx, reservation_ids: Sequence[UUID]) -> list[TermsPart]:
    """Parts of reservations."""
    return await tx.rows(TermsPart, _PARTS, reservation_ids) if reservation_ids else []


async def add_reservations(tx: Tx, rows: Sequence[TermsReservation], parts: Sequence[TermsPart]) -> None:
    """Store answers with their parts."""
    await insert_rows(tx, TermsReservation, rows)
    await insert_rows(tx, TermsPart, parts)


async def move_reservations(
    tx: Tx, moved: Sequence[Moved], back: Sequence[PartBack] = (), broken: Sequence[Broken] = ()
) -> None:
    """Bring reservations (each once) to their next state, and parts (each once) what comes back of them; `broken` are
    those whose promotion would not have given what is kept."""
    if moved:
        await tx.execute(_MOVE, dumps([one._asdict() for one in moved]))
    if back:
        await tx.execute(_GIVE_BACK, dumps([one._asdict() for one in back]))
    if broken:
        await tx.execute(_BREAK, dumps([one._asdict() for one in broken]))


async def count_broken(tx: Tx, promotion_id: UUID) -> int:
    """Orders that keep what a promotion would not have given them for what they kept."""
    return int(await tx.fetchval(_BROKEN, promotion_id))


async def find_reservation(tx: Tx, visible: ScopeQuery, row_id: UUID) -> TermsReservation | None:
    """A reservation of the scope, by its own owner or by its account's."""
    accounts = f"EXISTS (SELECT FROM account_fact a WHERE a.id = t.account_id AND {visible.sees('a.owner_id', 2)})"
    sql = f"{_ONE} AND ({visible.sees('t.owner_id', 2)} OR {accounts})"
    return await tx.row(TermsReservation, sql, row_id, *visible.args)


async def add_holds(tx: Tx, rows: Sequence[TermsHold]) -> None:
    """Note placements (of locked reservations) that are on hold, each once for ever: nobody waits for a row that is
    being worked."""
    if rows:
        await tx.execute(_HOLD, dumps([row.model_dump() for row in rows]))


async def find_hold(tx: Tx, row_id: UUID) -> TermsHold | None:
    """Whether a placement was heard to be on hold."""
    return await tx.row(TermsHold, _HELD, row_id)


async def settle_holds(tx: Tx, ids: Sequence[UUID]) -> None:
    """They were looked at."""
    await tx.execute(_SETTLE, ids)


async def watched(tx: Tx) -> set[UUID]:
    """Reservations of placements that were heard to be on hold."""
    return set(await tx.column(UUID, _WATCHED))


def all_reservations(tx: Tx) -> AsyncIterable[TermsReservation]:
    """Every answer, those of an order together."""
    return tx.stream_rows(TermsReservation, _ALL)


async def off_the_points(tx: Tx) -> list[str]:
    """Members whose books do not hold what orders have reserved and used of their points."""
    return [row["what"] for row in await tx.fetch(_OFF_THE_POINTS)]


async def off_the_coupons(tx: Tx) -> list[str]:
    """Unique coupons that an order has without its terms, and orders without the coupons of their terms."""
    return await tx.column(str, _OFF_THE_COUPONS)


async def off_the_books(tx: Tx) -> list[str]:
    """Books of promotions that do not hold what reservations and their parts say."""
    return [row["what"] for row in await tx.fetch(_OFF_THE_BOOKS)]
