"""The stored records of the forecasts as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, one_of, text
from services.targets.db import Base
from services.targets.forecasts.enums import Method, PeriodKind
from services.targets.targets.enums import Metric


class BinFigures(FrozenRow):
    """Forecasts of a tenth of p: how many, their mean p and the share that came true in 1e-6."""

    n: int
    mean_p: int | None = None
    observed: int | None = None


class MethodFigures(FrozenRow):
    """How a method did; see `backtests.Figures`."""

    method: Method
    periods: int
    forecasts: int
    n: int
    brier: int
    naive_brier: int
    climatology_brier: int
    common_brier: int | None = None
    coverage: int
    p50_error: int
    naive_error: int
    beats_naive: bool
    spread: int
    bins: tuple[BinFigures, ...]


class ForecastBacktest(FrozenRow):
    """What a backtest found of a scope and a kind of periods with what was known on a day. `id` is that of its job;
    `scope_key` names the scope in one text."""

    __tablename__ = "forecast_backtest"

    id: Annotated[UUID, identifier(primary_key=True)]
    scope_key: Annotated[str, text(nullable=False)]
    metric: Annotated[Metric, text(nullable=False)]
    kind: Annotated[PeriodKind, text(nullable=False)]
    unit_id: Annotated[UUID | None, identifier(nullable=True)] = None
    member_id: Annotated[UUID | None, identifier(nullable=True)] = None
    product_line: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    as_of: date
    formula_version: int
    sample_size: Annotated[int, big_int(nullable=False)]
    levels: Annotated[tuple[int, ...], DECODED, document(nullable=False)]
    periods: int
    figures: Annotated[tuple[MethodFigures, ...], DECODED, document(nullable=False)]
    serves: Annotated[Method | None, text(nullable=True)] = None
    recorded_at: Annotated[datetime, moment(nullable=False)]


class ForecastBacktestTable(ForecastBacktest, Base, table=True):
    """Backtests."""

    __table_args__ = (
        one_of("kind", PeriodKind),
        one_of("serves", Method),
        sa.Index("ix_forecast_backtest_scope", "scope_key", "metric", "kind", "as_of"),
    )
