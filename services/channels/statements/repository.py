"""SQL of statements of rebates."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx

LOCK = 0x43524D_22
"""Class of the advisory locks under which the statements of a partner are written, one after the other."""

_NEXT = """
SELECT partner_id FROM (
    (SELECT partner_id FROM rebate_account WHERE partner_id > $1 ORDER BY partner_id LIMIT 1)
    UNION ALL (SELECT partner_id FROM rebate_adjustment WHERE partner_id > $1 ORDER BY partner_id LIMIT 1)
) AS next ORDER BY partner_id LIMIT 1
"""
_OPEN = "SELECT EXISTS (SELECT FROM rebate_statement WHERE partner_id = $1 AND state IN ('calculated', 'disputed'))"
_FREE = "NOT EXISTS (SELECT FROM rebate_statement_line l WHERE l.source_id = x.id AND l.is_live)"
_TAKE = f"""
INSERT INTO rebate_statement_line
    (statement_id, source_id, kind, posting_date, order_id, programme_id, amount, is_live)
SELECT $1::uuid, x.id, 'accrual', x.posting_date, x.order_id, x.programme_id, x.amount, true
FROM rebate_accrual x WHERE x.partner_id = $2 AND x.posting_date <= $3 AND {_FREE}
UNION ALL
SELECT $1::uuid, x.id, 'adjustment', x.posting_date, NULL::uuid, NULL::uuid, x.amount, true
FROM rebate_adjustment x WHERE x.partner_id = $2 AND x.posting_date <= $3 AND {_FREE}
"""
_SUMS = """
SELECT count(*)::bigint AS entries,
    COALESCE(sum(amount) FILTER (WHERE kind = 'accrual'), 0)::bigint AS accruals,
    COALESCE(sum(amount) FILTER (WHERE kind = 'adjustment'), 0)::bigint AS adjustments
FROM rebate_statement_line WHERE statement_id = $1 AND is_live
"""
_CARRY = """
UPDATE rebate_statement SET carried_to = $1 WHERE partner_id = $2 AND state IN ('approved', 'paid')
    AND carried_to IS NULL AND carried <> 0
"""
_CARRIED = "SELECT COALESCE(sum(carried), 0)::bigint FROM rebate_statement WHERE carried_to = $1"
_FREE_LINES = "UPDATE rebate_statement_line SET is_live = false WHERE statement_id = $1"
_FREE_CARRY = "UPDATE rebate_statement SET carried_to = NULL WHERE carried_to = $1"
_AUTHORS = """
SELECT DISTINCT a.created_by FROM rebate_statement_line l JOIN rebate_adjustment a ON a.id = l.source_id
WHERE l.statement_id = $1 AND l.kind = 'adjustment' AND l.is_live
"""
_WRONG = """
SELECT 'statement ' || s.number AS what FROM rebate_statement s LEFT JOIN (
    SELECT l.statement_id, count(*) AS entries, sum(l.amount) FILTER (WHERE l.kind = 'accrual') AS accruals,
        sum(l.amount) FILTER (WHERE l.kind = 'adjustment') AS adjustments,
        count(*) FILTER (WHERE l.amount IS DISTINCT FROM COALESCE(x.amount, a.amount)) AS off
    FROM rebate_statement_line l LEFT JOIN rebate_accrual x ON x.id = l.source_id
        LEFT JOIN rebate_adjustment a ON a.id = l.source_id
    WHERE l.is_live GROUP BY l.statement_id
) t ON t.statement_id = s.id
LEFT JOIN (SELECT carried_to, sum(carried) AS carry FROM rebate_statement GROUP BY carried_to) c ON c.carried_to = s.id
WHERE s.state <> 'cancelled' AND (s.entries, s.accruals, s.adjustments, s.carry, 0) IS DISTINCT FROM
    (COALESCE(t.entries, 0), COALESCE(t.accruals, 0), COALESCE(t.adjustments, 0), COALESCE(c.carry, 0),
     COALESCE(t.off, 0))
"""


class Sums(NamedTuple):
    """How many entries a statement has, and what they come to."""

    entries: int
    accruals: int
    adjustments: int


async def hold_partner(tx: Tx, partner_id: UUID) -> None:
    """Write statements of a partner alone until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK, str(partner_id))


async def next_partner(tx: Tx, after: UUID) -> UUID | None:
    """The next partner, by id, that has accruals or adjustments."""
    found: UUID | None = await tx.fetchval(_NEXT, after)
    return found


async def next_number(tx: Tx) -> int:
    """The next number of the sequence; a rollback leaves a gap."""
    return int(await tx.fetchval("SELECT nextval('rebate_statement_number_seq')"))


async def has_open(tx: Tx, partner_id: UUID) -> bool:
    """Whether a partner has a statement that is not decided."""
    return bool(await tx.fetchval(_OPEN, partner_id))


async def take_entries(tx: Tx, statement_id: UUID, partner_id: UUID, until: date) -> Sums:
    """Take what was posted for a partner up to a day and stands in no statement; what the statement has then."""
    await tx.execute(_TAKE, statement_id, partner_id, until)
    row = await tx.row(Sums, _SUMS, statement_id)
    assert row is not None, "an aggregate has a row"
    return row


async def take_carry(tx: Tx, statement_id: UUID, partner_id: UUID) -> int:
    """Take what decided statements of a partner left; what the statement has of it."""
    await tx.execute(_CARRY, statement_id, partner_id)
    return int(await tx.fetchval(_CARRIED, statement_id))


async def free_entries(tx: Tx, statement_id: UUID) -> None:
    """Entries and carry of a statement stand in none."""
    await tx.execute(_FREE_LINES, statement_id)
    await tx.execute(_FREE_CARRY, statement_id)


async def adjusted_by(tx: Tx, statement_id: UUID) -> set[str]:
    """Who wrote the adjustments of a statement."""
    return set(await tx.column(str, _AUTHORS, statement_id))


async def wrong_statements(tx: Tx) -> list[str]:
    """Statements that are not what their lines and their carry come to."""
    return await tx.column(str, _WRONG)
