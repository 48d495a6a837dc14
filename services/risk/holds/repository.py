"""SQL of holds: the state that they follow is one statement for any number of accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_returning, select_sql, table_name
from services.risk.holds.models import CreditHold
from services.risk.receivables.lists import undisputed_sql

# A merged account is graded with the one it leads to: its own grade holds nobody meanwhile.
# In the statement itself: a placement reads the policy, the items and the holds of its accounts at once.
_POLICY = """
policy AS (
    SELECT (body->>'overdue_days')::int AS overdue_days, (body->>'open_from')::bigint AS open_from,
           coalesce(
               (body->>'items_from')::date,
               (SELECT (created_at AT TIME ZONE $2)::date FROM risk_policy WHERE kind = 'holds' AND policy_version = 1)
           ) AS items_from
    FROM risk_policy WHERE kind = 'holds' AND effective_from <= $1::date ORDER BY activation DESC LIMIT 1
)
"""
_OPEN = "r.open > 0 AND r.open >= p.open_from AND r.order_date >= p.items_from"
_UNDISPUTED = f"{undisputed_sql('r')} >= greatest(1, p.open_from)"
_ITEM = f"{_OPEN} AND {_UNDISPUTED}"
"""An item `r` that may hold its account under the policy `p`, by what nobody disputes of it."""
# The same, of all accounts: a look at the few orders that are disputed, in memory, spares one by index for each item.
_ITEM_OF_ALL = f"""
{_OPEN} AND (
    r.order_id NOT IN (SELECT q.order_id FROM dispute_order q WHERE q.closed_on IS NULL) OR {_UNDISPUTED}
)
"""
_STATES = f"""
WITH {_POLICY}
SELECT s.id, p.overdue_days, greatest(0, $1::date - (
           SELECT r.due_on FROM receivable r WHERE r.account_id = s.id AND {_ITEM} ORDER BY r.due_on LIMIT 1
       )) AS days_overdue,
       coalesce(c.grade = 'D', false) AS is_defaulted, coalesce(c.dropped_from IS NOT NULL, false) AS has_dropped,
       ARRAY(
           SELECT w.hold_reason FROM credit_hold w WHERE w.subject_id = s.id AND w.waived_until >= $1::date
       ) AS waived,
       h.ids, h.reasons, h.untils
FROM unnest($3::uuid[]) AS s(id) CROSS JOIN policy p
LEFT JOIN credit_profile c ON c.id = s.id AND NOT EXISTS (SELECT FROM account_root m WHERE m.account_id = s.id)
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(id ORDER BY hold_reason), '{{}}') AS ids,
           coalesce(array_agg(hold_reason ORDER BY hold_reason), '{{}}') AS reasons,
           coalesce(array_agg(until ORDER BY hold_reason), '{{}}') AS untils
    FROM credit_hold WHERE subject_id = s.id AND state = 'standing'
) h
"""
# Those whose grade asks for a hold that does not stand, or does not ask for one that stands.
_GRADED = """
    SELECT c.id FROM credit_profile c CROSS JOIN LATERAL (
        VALUES ('grade', c.grade = 'D'), ('grade_drop', c.dropped_from IS NOT NULL)
    ) AS rule (reason, asks)
    WHERE (c.grade = 'D' OR c.dropped_from IS NOT NULL) AND rule.asks AND c.subject_kind = '{kind}'
      AND NOT EXISTS (SELECT FROM account_root m WHERE m.account_id = c.id)
      AND NOT EXISTS (
          SELECT FROM credit_hold h WHERE h.subject_id = c.id AND h.hold_reason = rule.reason
              AND (h.state = 'standing' OR h.waived_until >= $1::date)
      )
    UNION
    SELECT h.subject_id FROM credit_hold h JOIN credit_profile c ON c.id = h.subject_id
    WHERE h.state = 'standing' AND h.hold_reason IN ('grade', 'grade_drop') AND h.subject_kind = '{kind}' AND (
        CASE h.hold_reason WHEN 'grade' THEN c.grade <> 'D' ELSE c.dropped_from IS NULL END
        OR EXISTS (SELECT FROM account_root m WHERE m.account_id = c.id)
    )
"""
_TO_JUDGE = f"""
WITH {_POLICY}
SELECT found.id FROM (
    SELECT DISTINCT r.account_id AS id FROM receivable r JOIN credit_profile c ON c.id = r.account_id
    CROSS JOIN policy p
    WHERE r.due_on < $1::date - p.overdue_days AND {_ITEM_OF_ALL} AND NOT EXISTS (
        SELECT FROM credit_hold h WHERE h.subject_id = r.account_id AND h.hold_reason = 'overdue'
            AND (h.state = 'standing' OR h.waived_until >= $1::date)
    )
    UNION
    SELECT h.subject_id FROM credit_hold h CROSS JOIN policy p
    WHERE h.state = 'standing' AND h.subject_kind = 'account' AND (h.until < $1::date OR (
        h.hold_reason = 'overdue' AND NOT EXISTS (
            SELECT FROM receivable r WHERE r.account_id = h.subject_id AND r.due_on < $1::date AND {_ITEM}
        )
    ))
    UNION {_GRADED.format(kind="account")}
) found ORDER BY found.id LIMIT $3
"""
_PARTNERS_TO_JUDGE = f"""
SELECT found.id FROM (
    SELECT subject_id AS id FROM credit_hold
    WHERE state = 'standing' AND subject_kind = 'partner' AND until < $1::date
    UNION {_GRADED.format(kind="partner")}
) found ORDER BY found.id LIMIT $2
"""
_LOCK_EXPOSURES = (
    "SELECT account_id FROM exposure_account WHERE account_id = ANY($1::uuid[]) ORDER BY account_id FOR UPDATE"
)
_LOCK_PARTNERS = "SELECT id FROM partner_directory WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_HOLDS = select_sql(CreditHold, "id = ANY($1::uuid[]) ORDER BY id")
_FACTS = "SELECT subject_id, sum(version)::int FROM credit_hold WHERE subject_id = ANY($1::uuid[]) GROUP BY 1"
_STANDING = "SELECT subject_id, hold_reason FROM credit_hold WHERE subject_id = ANY($1::uuid[]) AND state = 'standing'"
_PUT_OFF = "UPDATE hold_sweep SET due_at = $2 WHERE id = $1"
_NEW = "ON CONFLICT DO NOTHING RETURNING id"
_LIFT = f"""
UPDATE {table_name(CreditHold)} h SET state = 'lifted', version = h.version + 1, lift_reason = l.lift_reason,
    lifted_by = l.lifted_by, lifted_on = l.lifted_on, lifted_at = l.lifted_at, waived_until = l.waived_until
FROM json_populate_recordset(NULL::credit_hold, $1::json) l
WHERE h.id = l.id AND h.state = 'standing' RETURNING h.id
"""
_OFF_PROFILES = """
SELECT format('profile %s: %s stand, it says %s', c.id, h.reasons, c.hold_reasons) AS what
FROM credit_profile c FULL JOIN (
    SELECT subject_id AS id, array_agg(hold_reason) AS reasons FROM credit_hold
    WHERE state = 'standing' AND (
        subject_kind = 'account' OR EXISTS (SELECT FROM credit_profile f WHERE f.id = subject_id)
    ) GROUP BY 1
) h USING (id)
WHERE NOT (coalesce(h.reasons, '{}') @> coalesce(c.hold_reasons, '{}')
           AND coalesce(h.reasons, '{}') <@ coalesce(c.hold_reasons, '{}'))
"""


class State(NamedTuple):
    """What is known of a subject: how long its oldest item is overdue (0: not at all), its grade (D, or dropped), and
    its holds: those that stand, and reasons that are waived today."""

    subject_id: UUID
    overdue_days: int
    days_overdue: int
    is_defaulted: bool
    has_dropped: bool
    waived: Sequence[str]
    ids: Sequence[UUID]
    reasons: Sequence[str]
    untils: Sequence[date | None]


class Lift(NamedTuple):
    """How a hold ended."""

    id: UUID
    lift_reason: str | None
    lifted_by: str | None
    lifted_on: date
    lifted_at: datetime
    waived_until: date | None


async def states(tx: Tx, subject_ids: Collection[UUID], today: date, timezone: str) -> list[State]:
    """The state of accounts and partners on a day (partners have no items)."""
    return await tx.rows(State, _STATES, today, timezone, sorted(subject_ids))


async def to_judge(tx: Tx, today: date, timezone: str, most: int) -> list[UUID]:
    """Accounts of which a hold is to be placed or lifted today, however that came about."""
    return [row["id"] for row in await tx.fetch(_TO_JUDGE, today, timezone, most)]


async def partners_to_judge(tx: Tx, today: date, most: int) -> list[UUID]:
    """Partners of which a hold has passed its last day, or is not as their grade asks for."""
    return await tx.column(UUID, _PARTNERS_TO_JUDGE, today, most)


async def lock_exposures(tx: Tx, account_ids: Sequence[UUID]) -> None:
    """Wait for the decisions about accounts (sorted) that are under way."""
    await tx.execute(_LOCK_EXPOSURES, account_ids)


async def lock_partners(tx: Tx, partner_ids: Sequence[UUID]) -> None:
    """Holds of a partner take turns."""
    await tx.execute(_LOCK_PARTNERS, partner_ids)


async def find_holds(tx: Tx, ids: Collection[UUID]) -> list[CreditHold]:
    """Holds by id."""
    return await tx.rows(CreditHold, _HOLDS, sorted(ids))


async def facts_of(tx: Tx, subject_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many facts of holds subjects have had."""
    return {row[0]: row[1] for row in await tx.fetch(_FACTS, subject_ids)}


async def standing(tx: Tx, subject_ids: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """Subjects and the reasons that stand."""
    return [(row[0], row[1]) for row in await tx.fetch(_STANDING, subject_ids)]


async def add_holds(tx: Tx, rows: Sequence[CreditHold]) -> set[UUID]:
    """Insert holds; returns the ids of those whose reason did not stand."""
    return {row["id"] for row in await insert_returning(tx, CreditHold, rows, _NEW)}


async def lift_holds(tx: Tx, rows: Sequence[Lift]) -> set[UUID]:
    """End holds; returns the ids of those that stood."""
    return {row["id"] for row in await tx.fetch(_LIFT, dumps([row._asdict() for row in rows]))}


async def put_off(tx: Tx, sweep_id: UUID, due_at: datetime) -> None:
    """Look again later."""
    await tx.execute(_PUT_OFF, sweep_id, due_at)


async def off_profiles(tx: Tx) -> list[str]:
    """Profiles that do not say which holds stand."""
    return await tx.column(str, _OFF_PROFILES)
