"""SQL of the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.pipeline.models import PipelineOpportunity

_LATER = """
ON CONFLICT (id) DO UPDATE SET
    account_id = excluded.account_id, state = excluded.state, amount = excluded.amount,
    expected_close = excluded.expected_close, forecast_category = excluded.forecast_category,
    version = excluded.version
WHERE pipeline_opportunity.version < excluded.version
"""
# One statement, so that a merge is before all of it or after.
_FORWARD = """
WITH root AS (SELECT coalesce((SELECT root_id FROM account_root WHERE account_id = $1), $1) AS id),
member AS (
    SELECT id AS account_id FROM root
    UNION ALL SELECT r.account_id FROM root JOIN account_root r ON r.root_id = root.id
),
found AS (
    SELECT o.forecast_category, count(*)::int AS opportunities, sum(o.amount)::bigint AS gross
    FROM member m JOIN pipeline_opportunity o USING (account_id)
    WHERE o.state = 'open' AND o.expected_close <= $3 GROUP BY 1
)
SELECT root.id AS root_id,
       greatest(0, (
           SELECT coalesce(sum(e.balance), 0) FROM member m JOIN exposure_account e USING (account_id)
       ))::bigint AS use,
       (
           SELECT CASE WHEN c.raised_until < $2 THEN c.limit_before ELSE c.credit_limit END
           FROM credit_profile c WHERE c.id = root.id
       ) AS credit_limit,
       (
           SELECT count(*) FROM member m JOIN pipeline_opportunity o USING (account_id)
           WHERE o.state = 'open' AND o.expected_close IS NULL
       )::int AS undated,
       f.forecast_category, f.opportunities, f.gross
FROM root LEFT JOIN found f ON TRUE ORDER BY f.forecast_category
"""


class Forward(NamedTuple):
    """An account with all that are one with it, and a category of its opportunities (None: it has none)."""

    root_id: UUID
    use: int
    credit_limit: int | None
    undated: int
    forecast_category: str | None
    opportunities: int | None
    gross: int | None


async def put_opportunities(tx: Tx, rows: Sequence[PipelineOpportunity]) -> None:
    """Keep opportunities (one row each); older versions than those known change nothing."""
    await insert_rows(tx, PipelineOpportunity, rows, _LATER)


async def forward(tx: Tx, account_id: UUID, today: date, until: date) -> list[Forward]:
    """Use of an account on a day, and its open opportunities that are expected by another, by category."""
    return await tx.rows(Forward, _FORWARD, account_id, today, until)
