"""SQL of studies, and of the exposures that they run with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.risk.redirects.lists import root_of
from services.risk.scenarios.enums import ExposureDimension
from services.risk.studies.models import Study, StudyResult, StudyRun, StudyScenario

_BY_ID = select_sql(Study, "id = $1")
_RUN = select_sql(StudyRun, "study_id = $1")
_SCENARIOS = select_sql(StudyScenario, "study_id = $1 ORDER BY scenario_id")
_RESULT = select_sql(StudyResult, "study_id = $1")
SOLD_DAYS = 365
NOBODY = UUID(int=0)
_EXPOSURES = {
    ExposureDimension.ACCOUNT: f"""
SELECT sum(g.balance)::bigint AS balance
FROM (SELECT {root_of("e.account_id")} AS id, e.balance FROM exposure_account e) g
GROUP BY g.id HAVING sum(g.balance) > 0 ORDER BY g.id
""",
    ExposureDimension.PARTNER: """
SELECT sum(open)::bigint AS balance FROM receivable WHERE open > 0 AND partner_id IS NOT NULL
GROUP BY partner_id ORDER BY partner_id
""",
    ExposureDimension.REGION: """
SELECT sum(open)::bigint AS balance FROM receivable WHERE open > 0 AND region IS NOT NULL
GROUP BY region ORDER BY region
""",
    ExposureDimension.CHANNEL: f"""
SELECT sum(amount)::bigint AS balance FROM tally_bucket
WHERE kind IN ('confirmed', 'returned') AND day > $1::date - {SOLD_DAYS} AND day <= $1::date
  AND channel_id <> '{NOBODY}'
GROUP BY channel_id HAVING sum(amount) > 0 ORDER BY channel_id
""",
    ExposureDimension.PRODUCT_LINE: f"""
SELECT sum(amount)::bigint AS balance FROM tally_line
WHERE kind IN ('confirmed', 'returned') AND day > $1::date - {SOLD_DAYS} AND day <= $1::date
GROUP BY product_line HAVING sum(amount) > 0 ORDER BY product_line
""",
}
OF_SALES = frozenset({ExposureDimension.CHANNEL, ExposureDimension.PRODUCT_LINE})
"""Exposures that are what was sold, not what is owed."""
_REFERENCE = """is_reference AND state = 'completed' AND ($1::timestamptz IS NULL OR finished_at < $1)
  AND ($2::integer IS NULL OR horizon_months = $2)"""


async def exposures(tx: Tx, dimension: ExposureDimension, today: date) -> list[int]:
    """Exposures above 0, by the ids of whose they are: balances of accounts (of those that are one their sum), what is
    open of orders of partners and regions, what was sold less returned by channels and of product lines in a year."""
    args = (today,) if dimension in OF_SALES else ()
    return [row["balance"] for row in await tx.fetch(_EXPOSURES[dimension], *args)]


async def add_run(tx: Tx, run: StudyRun, scenarios: Sequence[StudyScenario]) -> None:
    """Keep what a study runs with."""
    await insert_rows(tx, StudyRun, [run])
    await insert_rows(tx, StudyScenario, scenarios)


async def find_study(tx: Tx, study_id: UUID) -> Study | None:
    """A study by id."""
    return await tx.row(Study, _BY_ID, study_id)


async def find_run(tx: Tx, study_id: UUID) -> tuple[StudyRun | None, list[StudyScenario]]:
    """What a study runs with."""
    return await tx.row(StudyRun, _RUN, study_id), await tx.rows(StudyScenario, _SCENARIOS, study_id)


async def add_result(tx: Tx, result: StudyResult) -> None:
    """Keep what a study has shown."""
    await insert_rows(tx, StudyResult, [result])


async def find_result(tx: Tx, study_id: UUID) -> StudyResult | None:
    """What a study has shown."""
    return await tx.row(StudyResult, _RESULT, study_id)


async def last_reference(tx: Tx, visible: ScopeQuery, before: datetime | None, months: int | None) -> Study | None:
    """The reference study within a record scope that was completed last (before a moment, of this horizon)."""
    where = f"{_REFERENCE} AND {visible.sees('owner_id', 3)}"
    sql = select_sql(Study, f"{where} ORDER BY finished_at DESC, id DESC LIMIT 1")
    return await tx.row(Study, sql, before, months, *visible.args)


async def look_again(tx: Tx, ids: Sequence[UUID], at: datetime) -> None:
    """Look again at the jobs of these studies."""
    await tx.execute("UPDATE study SET due_at = $2 WHERE id = ANY($1::uuid[])", ids, at)
