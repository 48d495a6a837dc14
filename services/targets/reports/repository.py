"""SQL of the reports: what they show of targets, one statement for all of them, and the reports themselves."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.alerts.enums import TargetAlertLevel, TargetAlertMeasure, TargetAlertState
from services.targets.reports.models import Report

_BELOW = "(SELECT b.id FROM unit b WHERE b.path @> ARRAY[$1::uuid])"
_SHOWN = f"""
SELECT t.id, t.root_id, t.parent_id, t.decomposition_id, t.metric, t.unit_id, u.code AS unit_code, t.member_id,
       m.code AS member_code, t.product_line, t.region, t.customer_type, t.channel_id, j.p_hit, j.p_hit_as_of,
       a.level, a.measure, a.state AS alert_state, a.raised_on
FROM target t LEFT JOIN unit u ON u.id = t.unit_id LEFT JOIN member m ON m.id = t.member_id
    LEFT JOIN target_judging j ON j.id = t.id
    LEFT JOIN target_alert a ON a.target_id = t.id AND a.state <> 'cleared'
WHERE t.plan_id IS NULL AND NOT t.is_balancing AND t.state IN ('active', 'closed')
  AND t.period_start <= $3 AND t.period_end >= $2
  AND (t.unit_id IN {_BELOW} OR t.unit_id IS NULL AND t.member_id IN (
      SELECT s.member_id FROM membership s
      WHERE s.unit_id IN {_BELOW} AND s.valid_from <= $3 AND (s.valid_to IS NULL OR s.valid_to > $3)))
ORDER BY t.root_id, u.path NULLS LAST, t.period_start, t.period_end DESC, t.name, t.id
"""
_FAMILY = """
SELECT t.id FROM target t WHERE t.decomposition_id = ANY($1::uuid[])
UNION SELECT t.id FROM target t WHERE t.id = ANY($2::uuid[])
"""
_ONE = select_sql(Report, "id = $1")
_NEWEST = "SELECT max(period_end) FROM report WHERE root_ids @> ARRAY[$1::uuid]"
_SEALED = "SELECT id, body::text AS body, sha256 FROM report"


class ShownTarget(NamedTuple):
    """A target that a report shows, with what its judging and its alert say."""

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    metric: str
    unit_id: UUID | None
    unit_code: str | None
    member_id: UUID | None
    member_code: str | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    p_hit: int | None
    p_hit_as_of: date | None
    level: TargetAlertLevel | None
    measure: TargetAlertMeasure | None
    alert_state: TargetAlertState | None
    raised_on: date | None


class Sealed(NamedTuple):
    """What a report shows, as JSON text, and its hash."""

    id: UUID
    body: str
    sha256: str


async def list_shown(tx: Tx, unit_id: UUID, first: date, last: date) -> list[ShownTarget]:
    """Targets of a unit and of all below it whose periods meet one, by tree and unit."""
    return await tx.rows(ShownTarget, _SHOWN, unit_id, first, last)


async def list_family(tx: Tx, decomposition_ids: Collection[UUID], parent_ids: Collection[UUID]) -> list[UUID]:
    """Ids of all children of decompositions, and of their parents."""
    return await tx.column(UUID, _FAMILY, list(decomposition_ids), list(parent_ids))


async def add_report(tx: Tx, report: Report) -> bool:
    """Keep a report; False where its schedule has one of the period."""
    return await insert_rows(tx, Report, [report], "ON CONFLICT (schedule_id, period_start) DO NOTHING") == 1


async def get_report(tx: Tx, report_id: UUID) -> Report | None:
    """A report by id."""
    return await tx.row(Report, _ONE, report_id)


async def newest_end(tx: Tx, root_id: UUID) -> date | None:
    """The last day that a report of a tree covers."""
    found: date | None = await tx.fetchval(_NEWEST, root_id)
    return found


def all_reports(tx: Tx) -> AsyncIterable[Sealed]:
    """Every report."""
    return tx.stream_rows(Sealed, _SEALED)
