"""SQL of the members and their memberships."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows, select_sql
from kit.db.text_keys import code_sql
from services.targets.members.lists import MEMBERSHIPS
from services.targets.members.models import Member, MemberRow, Membership, MembershipRow

_GET = f"SELECT {columns_of(MemberRow, 'm')}, {MEMBERSHIPS} AS memberships FROM member m WHERE m.id = $1"
_MEMBERSHIPS = """
SELECT s.unit_id, u.path, s.valid_from, s.valid_to, coalesce(s.role, m.role) AS role, s.capacity
FROM membership s JOIN unit u ON u.id = s.unit_id JOIN member m ON m.id = s.member_id
WHERE s.member_id = $1 ORDER BY s.valid_from
"""
_LOCK_BY_CODE = select_sql(MemberRow, f"{code_sql('code')} = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE")
_LOCK = select_sql(MemberRow, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_BELONGING = """
SELECT DISTINCT member_id FROM membership WHERE unit_id = ANY($1::uuid[]) AND (valid_to IS NULL OR valid_to > $2)
"""
_ALL = f"SELECT {columns_of(MemberRow, 'm')}, {MEMBERSHIPS} AS memberships FROM member m WHERE m.id = ANY($1::uuid[])"
_SUBJECTS = "SELECT subject, id FROM member WHERE subject = ANY($1::text[])"
_WITHIN = """
SELECT s.member_id, array_agg(DISTINCT above.id) AS units
FROM membership s JOIN unit u ON u.id = s.unit_id CROSS JOIN unnest(u.path) AS above(id)
WHERE s.member_id = ANY($1::uuid[]) AND s.valid_from <= $3 AND (s.valid_to IS NULL OR s.valid_to > $2)
GROUP BY s.member_id
"""
_LEFT = """
SELECT m.id FROM member m WHERE m.id = ANY($1::uuid[]) AND NOT EXISTS (
  SELECT FROM membership s WHERE s.member_id = m.id AND (s.valid_to IS NULL OR s.valid_to > $2))
"""
_CODES = "SELECT id, code FROM member WHERE id = ANY($1::uuid[])"


async def add_member(tx: Tx, row: MemberRow) -> bool:
    """Insert a member; False when its code or subject is taken."""
    return await insert_rows(tx, MemberRow, [row], "ON CONFLICT DO NOTHING") == 1


async def get_member(tx: Tx, member_id: UUID) -> Member | None:
    """A member with all memberships, or None."""
    return await tx.row(Member, _GET, member_id)


async def list_memberships(tx: Tx, member_id: UUID) -> list[Membership]:
    """Memberships, oldest first."""
    return await tx.rows(Membership, _MEMBERSHIPS, member_id)


async def get_codes(tx: Tx, member_ids: Collection[UUID]) -> dict[UUID, str]:
    """Codes of the known ones among `member_ids`."""
    return dict(await tx.pairs(UUID, str, _CODES, list(member_ids)))


async def list_left(tx: Tx, member_ids: Collection[UUID], day: date) -> set[UUID]:
    """Those among `member_ids` who belong to no unit on this day nor later."""
    return set(await tx.column(UUID, _LEFT, list(member_ids), day))


async def list_within(tx: Tx, member_ids: Collection[UUID], first: date, last: date) -> dict[UUID, frozenset[UUID]]:
    """The units to which members belong on any day of a period, and all above them; who belongs to none is absent."""
    rows = await tx.fetch(_WITHIN, list(member_ids), first, last)
    return {row["member_id"]: frozenset(row["units"]) for row in rows}


async def lock_by_code(tx: Tx, codes: Collection[str]) -> list[Member]:
    """Members by folded codes with all memberships, which are read under the locks; in order of id."""
    return await _in_full(tx, await tx.rows(MemberRow, _LOCK_BY_CODE, sorted(codes)))


async def lock_belonging(tx: Tx, unit_ids: Collection[UUID], since: date) -> list[Member]:
    """Members who belong to units on a day or later, as their memberships are under the locks; in order of id."""
    ids = [row["member_id"] for row in await tx.fetch(_BELONGING, list(unit_ids), since)]
    return await _in_full(tx, await tx.rows(MemberRow, _LOCK, ids))


async def _in_full(tx: Tx, locked: Sequence[MemberRow]) -> list[Member]:
    ids = [row.id for row in locked]
    found = {one.id: one for one in await tx.rows(Member, _ALL, ids)}
    return [found[each] for each in ids]


async def holders_of(tx: Tx, subjects: Collection[str]) -> dict[str, UUID]:
    """Who has these token subjects."""
    return dict(await tx.pairs(str, UUID, _SUBJECTS, sorted(subjects)))


async def add_members(tx: Tx, rows: Sequence[MemberRow]) -> None:
    """Insert members by one statement; a unique value that another transaction has just taken is an error."""
    await insert_rows(tx, MemberRow, rows)


async def replace_memberships(tx: Tx, members: Sequence[Member]) -> None:
    """Set all memberships of members."""
    await tx.execute("DELETE FROM membership WHERE member_id = ANY($1::uuid[])", [member.id for member in members])
    rows = [
        MembershipRow(member_id=member.id, **one.model_dump(exclude={"path"}))
        for member in members
        for one in member.memberships
    ]
    await insert_rows(tx, MembershipRow, rows)
