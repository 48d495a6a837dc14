"""SQL of the dashboard and its snapshots."""

from __future__ import annotations

from collections.abc import AsyncIterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from kit.security.principals import ScopeQuery
from services.risk.alerts.lists import ALERTS
from services.risk.alerts.lists import OWNER as OF_ALERT
from services.risk.contracts.lists import HAS_AN_END, RENEWALS
from services.risk.contracts.lists import OWNER as OF_CONTRACT
from services.risk.holds.lists import HOLDS
from services.risk.holds.lists import OWNER as OF_HOLD
from services.risk.obligations.lists import OWNER as OF_OBLIGATION
from services.risk.obligations.lists import SOURCE as OBLIGATIONS
from services.risk.profiles.lists import PROFILES
from services.risk.reports.models import RiskSnapshot

_GRADES = f"""
SELECT p.grade, count(*)::int AS accounts, coalesce(sum({PROFILES.fields["expected_loss"].sql}), 0)::bigint
           AS expected_loss
FROM {PROFILES.source}
WHERE p.subject_kind = 'account' AND NOT EXISTS (SELECT FROM account_root z WHERE z.account_id = p.id) AND {{seen}}
GROUP BY 1
"""
_HOLDS = f"SELECT h.hold_reason, count(*)::int FROM {HOLDS.source} WHERE h.state = 'standing' AND {{seen}} GROUP BY 1"
_ALERTS = f"SELECT a.level, count(*)::int FROM {ALERTS.source} WHERE a.state <> 'resolved' AND {{seen}} GROUP BY 1"
_OBLIGATIONS = f"""
SELECT (count(*) FILTER (WHERE o.state = 'pending' AND o.due_on <= $1::date + $2::int))::int AS due,
       (count(*) FILTER (WHERE o.state = 'late'))::int AS late
FROM {OBLIGATIONS} WHERE b.stage = 'running' AND o.state IN ('pending', 'late') AND {{seen}}
"""
_RENEWALS = f"""
SELECT c.id, c.number, c.ends_on, c.ends_on - c.notice_days AS notice_by FROM {RENEWALS.source}
WHERE {HAS_AN_END} AND c.notice_given_on IS NULL AND c.ends_on - c.notice_days BETWEEN $1::date AND $1::date + $2::int
  AND {{seen}}
ORDER BY notice_by, c.id LIMIT $3
"""
_SEALED = "SELECT day, body::text AS body, sha256 FROM risk_snapshot"


class GradeCount(NamedTuple):
    """Accounts of a grade."""

    grade: str
    accounts: int
    expected_loss: int


class ObligationCount(NamedTuple):
    """Obligations that fall due soon, and late ones."""

    due: int
    late: int


class DueRenewal(NamedTuple):
    """A contract whose notice is to be given soon."""

    id: UUID
    number: str
    ends_on: date
    notice_by: date


class Sealed(NamedTuple):
    """What a snapshot shows, as JSON text, and its hash."""

    day: date
    body: str
    sha256: str


async def grades(tx: Tx, visible: ScopeQuery, day: date) -> dict[str, GradeCount]:
    """Accounts that lead to no other, by grade; what they owe is secured as of a day."""
    rows = await tx.rows(GradeCount, _GRADES.format(seen=visible.sees("d.owner_id", 2)), day, *visible.args)
    return {row.grade: row for row in rows}


async def holds(tx: Tx, visible: ScopeQuery) -> dict[str, int]:
    """Holds that stand, by reason."""
    return {row[0]: row[1] for row in await tx.fetch(_HOLDS.format(seen=visible.sees(OF_HOLD)), *visible.args)}


async def alerts(tx: Tx, visible: ScopeQuery) -> dict[str, int]:
    """Alerts that stand, by level."""
    return {row[0]: row[1] for row in await tx.fetch(_ALERTS.format(seen=visible.sees(OF_ALERT)), *visible.args)}


async def obligations(tx: Tx, visible: ScopeQuery, day: date, within: int) -> ObligationCount:
    """Obligations that fall due within days of a day, and late ones."""
    sql = _OBLIGATIONS.format(seen=visible.sees(OF_OBLIGATION, 3))
    (found,) = await tx.rows(ObligationCount, sql, day, within, *visible.args)
    return found


async def renewals(tx: Tx, visible: ScopeQuery, day: date, within: int, most: int) -> list[DueRenewal]:
    """Contracts whose last day of notice lies within days of a day, the first ones."""
    sql = _RENEWALS.format(seen=visible.sees(OF_CONTRACT, 4))
    return await tx.rows(DueRenewal, sql, day, within, most, *visible.args)


async def add_snapshot(tx: Tx, snapshot: RiskSnapshot) -> bool:
    """Keep a snapshot; False where the day has one."""
    return await insert_rows(tx, RiskSnapshot, [snapshot], "ON CONFLICT (day) DO NOTHING") == 1


async def wait_for(tx: Tx, night_id: UUID, day: date, due_at: datetime) -> None:
    """The day of the next snapshot, and when it is made."""
    await tx.execute("UPDATE snapshot_night SET day = $2, due_at = $3 WHERE id = $1", night_id, day, due_at)


def all_snapshots(tx: Tx) -> AsyncIterable[Sealed]:
    """Every snapshot."""
    return tx.stream_rows(Sealed, _SEALED)
