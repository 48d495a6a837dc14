"""SQL of points."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.points.models import (
    PointsAccount,
    PointsEntry,
    PointsLine,
    PointsLot,
    PointsProgramme,
    PointsUse,
    PointsUseLot,
)
from services.channels.redirects.lists import root_of

_PROGRAMMES = select_sql(PointsProgramme, "id = ANY($1::uuid[])")
_LOCK_MEMBERS = select_sql(PointsAccount, "account_id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_LOCK_EARNERS = select_sql(
    PointsAccount,
    "id IN (SELECT l.points_account_id FROM points_line l WHERE l.order_id = ANY($1::uuid[])) "
    "ORDER BY id FOR NO KEY UPDATE",
)
_LOTS = select_sql(PointsLot, "points_account_id = ANY($1::uuid[]) AND remaining > 0")
_LINES = select_sql(PointsLine, "order_id = ANY($1::uuid[]) ORDER BY order_id, points_account_id, line_no")
_ALL_LINES = select_sql(PointsLine, "TRUE ORDER BY order_id, points_account_id, line_no")
_MEMBERS = select_sql(PointsAccount, "TRUE")
_ALL_PROGRAMMES = select_sql(PointsProgramme, "TRUE")
_ADD_LOTS = """
ON CONFLICT (id) DO UPDATE SET remaining = points_lot.remaining + excluded.remaining,
    expires_on = greatest(points_lot.expires_on, excluded.expires_on)
"""
_LOTS_BY_ID = select_sql(PointsLot, "id = ANY($1::uuid[])")
_MEMBERS_OF = select_sql(PointsAccount, "account_id = ANY($1::uuid[])")
_ACCOUNTS = select_sql(PointsAccount, "id = ANY($1::uuid[])")
_EARNED = """
SELECT DISTINCT l.order_id, p.programme_id FROM points_line l JOIN points_account p ON p.id = l.points_account_id
WHERE l.order_id = ANY($1::uuid[])
"""
_USES = select_sql(
    PointsUse, "redemption_id = ANY($1::uuid[]) OR main_id = ANY($1::uuid[]) ORDER BY redemption_id, line_no"
)
_USE_LOTS = select_sql(PointsUseLot, "redemption_id = ANY($1::uuid[]) ORDER BY redemption_id, ordinal")
_ALL_USES = select_sql(PointsUse, "TRUE ORDER BY redemption_id, line_no")
_ADD_USES = """
ON CONFLICT (redemption_id, line_no)
DO UPDATE SET points = excluded.points, returned = excluded.returned, main_id = excluded.main_id
"""
_DROP_USES = "UPDATE points_use SET points = 0, returned = 0 WHERE redemption_id = ANY($1::uuid[])"
_DROP_USE_LOTS = "DELETE FROM points_use_lot WHERE redemption_id = ANY($1::uuid[])"
_GIVE_BACK = """
UPDATE points_use t SET returned = t.returned + r.points
FROM json_to_recordset($1::json) AS r(redemption_id uuid, line_no int, points bigint)
WHERE t.redemption_id = r.redemption_id AND t.line_no = r.line_no
"""
_TAKE = """
UPDATE points_line t SET taken = t.taken + r.points
FROM json_to_recordset($1::json) AS r(order_id uuid, points_account_id uuid, line_no int, points bigint)
WHERE t.order_id = r.order_id AND t.points_account_id = r.points_account_id AND t.line_no = r.line_no
"""
_SAVE = """
UPDATE points_account t SET version = r.version, due_at = r.due_at, updated_at = r.updated_at
FROM json_to_recordset($1::json) AS r(id uuid, version int, due_at timestamptz, updated_at timestamptz)
WHERE t.id = r.id
"""
_OFF_THE_LOTS = """
WITH stands AS (
    SELECT holder, balance FROM ledger_account WHERE book LIKE 'points:%' AND bucket = 'available'
), lots AS (
    SELECT points_account_id, sum(remaining) AS remaining, min(remaining) AS least FROM points_lot GROUP BY 1
), moved AS (SELECT points_account_id, sum(points) AS points FROM points_entry GROUP BY 1)
SELECT 'member ' || coalesce(s.holder, l.points_account_id, m.points_account_id) AS what
FROM stands s FULL JOIN lots l ON l.points_account_id = s.holder FULL JOIN moved m ON m.points_account_id = s.holder
WHERE coalesce(s.balance, 0) <> coalesce(m.points, 0) OR coalesce(l.least, 0) < 0
    OR (coalesce(s.balance, 0) >= 0 AND coalesce(s.balance, 0) <> coalesce(l.remaining, 0))
    OR (coalesce(s.balance, 0) < 0 AND coalesce(l.remaining, 0) <> 0)
"""


class Taken(NamedTuple):
    """What of a line's points is taken back."""

    order_id: UUID
    points_account_id: UUID
    line_no: int
    points: int


class UseBack(NamedTuple):
    """What of a line's redeemed points is given back."""

    redemption_id: UUID
    line_no: int
    points: int


async def programmes(tx: Tx, ids: Sequence[UUID]) -> list[PointsProgramme]:
    """Programmes by id."""
    return await tx.rows(PointsProgramme, _PROGRAMMES, ids)


async def find_account(tx: Tx, visible: ScopeQuery, row_id: UUID) -> PointsAccount | None:
    """A member of the scope, by the owner of its account."""
    account, seen = root_of("p.account_id"), visible.sees("a.owner_id", 2)
    sql = (
        f"SELECT {columns_of(PointsAccount, 'p')} FROM points_account p "
        f"LEFT JOIN account_fact a ON a.id = {account} WHERE p.id = $1 AND {seen}"
    )
    return await tx.row(PointsAccount, sql, row_id, *visible.args)


async def add_account(tx: Tx, row: PointsAccount) -> bool:
    """Store a member; False when it is one already."""
    return bool(await insert_rows(tx, PointsAccount, [row], "ON CONFLICT DO NOTHING"))


async def lock_members(tx: Tx, account_ids: Sequence[UUID]) -> list[PointsAccount]:
    """Members that accounts are, locked; the first lock of every writer of points."""
    return await tx.rows(PointsAccount, _LOCK_MEMBERS, account_ids)


async def lock_earners(tx: Tx, order_ids: Sequence[UUID]) -> list[PointsAccount]:
    """Members that earned with orders, locked."""
    return await tx.rows(PointsAccount, _LOCK_EARNERS, order_ids)


async def lots_of(tx: Tx, ids: Sequence[UUID]) -> list[PointsLot]:
    """Lots of members of which something remains."""
    return await tx.rows(PointsLot, _LOTS, ids)


async def lots_by_id(tx: Tx, ids: Sequence[UUID]) -> list[PointsLot]:
    """Lots, also those of which nothing remains."""
    return await tx.rows(PointsLot, _LOTS_BY_ID, ids) if ids else []


async def members_of(tx: Tx, account_ids: Sequence[UUID]) -> list[PointsAccount]:
    """Members that accounts are."""
    return await tx.rows(PointsAccount, _MEMBERS_OF, account_ids)


async def accounts_by_id(tx: Tx, ids: Sequence[UUID]) -> list[PointsAccount]:
    """Members by id."""
    return await tx.rows(PointsAccount, _ACCOUNTS, ids)


async def earned_in(tx: Tx, order_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """(order, programme) in which some member has earned with the order."""
    return set(await tx.pairs(UUID, UUID, _EARNED, order_ids))


async def uses_of(tx: Tx, redemption_ids: Sequence[UUID]) -> list[PointsUse]:
    """What placements redeem, by line."""
    return await tx.rows(PointsUse, _USES, redemption_ids)


async def use_lots_of(tx: Tx, redemption_ids: Sequence[UUID]) -> list[PointsUseLot]:
    """What placements redeem, by lot, in the order in which they were taken."""
    return await tx.rows(PointsUseLot, _USE_LOTS, redemption_ids)


async def add_uses(tx: Tx, uses: Sequence[PointsUse], lots: Sequence[PointsUseLot]) -> None:
    """Store what placements redeem; one that redeems anew (all of the former is back) begins anew."""
    ids = sorted({use.redemption_id for use in uses})
    await tx.execute(_DROP_USES, ids)
    await tx.execute(_DROP_USE_LOTS, ids)
    await insert_rows(tx, PointsUse, uses, _ADD_USES)
    await insert_rows(tx, PointsUseLot, lots)


async def give_back_uses(tx: Tx, back: Sequence[UseBack]) -> None:
    """Note what is given back of lines (each once)."""
    if back:
        await tx.execute(_GIVE_BACK, dumps([one._asdict() for one in back]))


async def lines_of(tx: Tx, order_ids: Sequence[UUID]) -> list[PointsLine]:
    """What lines of orders earned."""
    return await tx.rows(PointsLine, _LINES, order_ids)


async def move_lots(tx: Tx, rows: Sequence[PointsLot]) -> None:
    """Add to what remains of lots (each once), or take from it: in any order, as a rebuild reads the log by keys."""
    await insert_rows(tx, PointsLot, rows, _ADD_LOTS)


async def add_lines(tx: Tx, rows: Sequence[PointsLine]) -> None:
    """Store what lines earned."""
    await insert_rows(tx, PointsLine, rows)


async def take_lines(tx: Tx, taken: Sequence[Taken]) -> None:
    """Note what is taken back of lines (each once)."""
    if taken:
        await tx.execute(_TAKE, dumps([one._asdict() for one in taken]))


async def add_entries(tx: Tx, rows: Sequence[PointsEntry]) -> None:
    """Append movements of points; what members hold is written apart (`save_accounts`)."""
    await insert_rows(tx, PointsEntry, rows)


async def save_accounts(tx: Tx, rows: Sequence[PointsAccount]) -> None:
    """What locked members count and wait for."""
    if rows:
        named = {"id", "version", "due_at", "updated_at"}
        await tx.execute(_SAVE, dumps([row.model_dump(include=named) for row in rows]))


def all_lines(tx: Tx) -> AsyncIterable[PointsLine]:
    """Every line, those of an order and a member together."""
    return tx.stream_rows(PointsLine, _ALL_LINES)


async def all_uses(tx: Tx) -> list[PointsUse]:
    """What every placement redeems, by line."""
    return await tx.rows(PointsUse, _ALL_USES)


async def all_members(tx: Tx) -> list[PointsAccount]:
    """Every member."""
    return await tx.rows(PointsAccount, _MEMBERS)


async def all_programmes(tx: Tx) -> list[PointsProgramme]:
    """Every programme."""
    return await tx.rows(PointsProgramme, _ALL_PROGRAMMES)


async def off_the_lots(tx: Tx) -> list[str]:
    """Members whose lots, entries and ledger do not say the same."""
    return [row["what"] for row in await tx.fetch(_OFF_THE_LOTS)]
