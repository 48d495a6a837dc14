"""SQL of credit profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.risk.profiles.models import CreditProfile, Holds, LimitRaise, Terms

# A raise that has passed its last day binds no more, whenever it is ended.
# Days of NR bind nobody unless the policy says so: nobody is refused for not having been scored.
_TERMS = """
SELECT c.id, c.deposit_share, CASE WHEN c.raised_until < $2 THEN c.limit_before ELSE c.credit_limit END AS credit_limit,
       CASE WHEN c.grade <> 'NR' OR c.set_terms_days IS NOT NULL OR (
           SELECT (body->>'binds_unrated')::boolean FROM risk_policy
           WHERE kind = 'terms' AND effective_from <= $2 ORDER BY activation DESC LIMIT 1
       ) THEN c.terms_days END AS terms_days
FROM credit_profile c WHERE c.id = ANY($1::uuid[]) ORDER BY c.id FOR SHARE OF c
"""
_FIND = select_sql(CreditProfile, "id = ANY($1::uuid[]) ORDER BY id")
_LOCK = select_sql(CreditProfile, "id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")

_PARTNERS_WITHOUT = """
SELECT p.id FROM partner_directory p
WHERE p.state IN ('active', 'suspended') AND p.id > $1 AND NOT EXISTS (SELECT FROM credit_profile c WHERE c.id = p.id)
ORDER BY p.id LIMIT $2
"""
_LOCK_PARTNERS = "SELECT FROM partner_directory WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
# What was said of its holds before has numbers of its own: those of the profile go on from there.
_PARTNER_HOLDS = """
SELECT s.id, sum(h.version)::int + 1 AS version,
       coalesce(array_agg(h.hold_reason ORDER BY h.hold_reason) FILTER (WHERE h.state = 'standing'), '{}')
           AS hold_reasons
FROM unnest($1::uuid[]) AS s(id) JOIN credit_hold h ON h.subject_id = s.id GROUP BY s.id
"""
_SET_HOLDS = """
UPDATE credit_profile c SET hold_reasons = h.hold_reasons, is_on_hold = h.hold_reasons <> '{}', version = h.version,
    updated_at = $2
FROM json_populate_recordset(NULL::credit_profile, $1::json) h WHERE c.id = h.id
"""


async def add_raise(tx: Tx, row: LimitRaise) -> None:
    """Remember when a raise is to be ended."""
    await insert_rows(tx, LimitRaise, [row])


async def drop_raise(tx: Tx, raise_id: UUID) -> None:
    """There is nothing to be ended any more."""
    await tx.execute("DELETE FROM limit_raise WHERE id = $1", raise_id)


async def put_off(tx: Tx, raise_id: UUID, due_at: datetime) -> None:
    """It is to be ended later."""
    await tx.execute("UPDATE limit_raise SET due_at = $2 WHERE id = $1", raise_id, due_at)


async def add_profiles(tx: Tx, rows: Sequence[CreditProfile]) -> None:
    """Insert profiles that are not there yet."""
    await insert_rows(tx, CreditProfile, rows, "ON CONFLICT DO NOTHING")


async def partners_without(tx: Tx, after: UUID, count: int) -> list[UUID]:
    """Partners that sell and have no profile, behind an id."""
    return [row["id"] for row in await tx.fetch(_PARTNERS_WITHOUT, after, count)]


async def partner_holds(tx: Tx, partner_ids: Sequence[UUID]) -> list[Holds]:
    """What stands of partners that have had holds, which takes no turn until the transaction ends."""
    await tx.execute(_LOCK_PARTNERS, partner_ids)
    return await tx.rows(Holds, _PARTNER_HOLDS, partner_ids)


async def terms_of(tx: Tx, account_ids: Sequence[UUID], day: date) -> dict[UUID, Terms]:
    """Terms by account id on a day; they cannot change until the transaction ends."""
    rows = await tx.fetch(_TERMS, account_ids, day)
    return {row["id"]: Terms(row["credit_limit"], row["deposit_share"], row["terms_days"]) for row in rows}


async def find_profiles(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, CreditProfile]:
    """Profiles by account id, as they are."""
    return {row.id: row for row in await tx.rows(CreditProfile, _FIND, account_ids)}


async def lock_profiles(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, CreditProfile]:
    """Profiles by account id, locked against others."""
    return {row.id: row for row in await tx.rows(CreditProfile, _LOCK, account_ids)}


async def set_holds(tx: Tx, rows: Sequence[Holds], now: datetime) -> None:
    """Note which holds stand, in profiles that are locked."""
    await tx.execute(_SET_HOLDS, dumps([row._asdict() for row in rows]), now)
