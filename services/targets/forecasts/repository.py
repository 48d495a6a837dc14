"""SQL of the forecasts: the stored backtests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.forecasts.enums import PeriodKind
from services.targets.forecasts.models import ForecastBacktest
from services.targets.targets.enums import Metric

_NEWEST = select_sql(
    ForecastBacktest,
    """scope_key = ANY($1::text[]) AND metric = $2 AND kind = $3 AND as_of <= $4 AND formula_version = $5
    ORDER BY array_position($1::text[], scope_key), as_of DESC, recorded_at DESC, id DESC LIMIT 1""",
)


async def add_backtest(tx: Tx, row: ForecastBacktest) -> None:
    """Keep what a job found; what an earlier attempt of it kept stays."""
    await insert_rows(tx, ForecastBacktest, [row], "ON CONFLICT DO NOTHING")


async def newest_backtest(
    tx: Tx, scope_keys: Sequence[str], metric: Metric, kind: PeriodKind, as_of: date, formula_version: int
) -> ForecastBacktest | None:
    """The newest backtest of the first of these scopes that has one which looked no further than a day."""
    return await tx.row(ForecastBacktest, _NEWEST, list(scope_keys), metric, kind, as_of, formula_version)
