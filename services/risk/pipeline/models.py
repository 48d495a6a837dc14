"""Opportunities as a row and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, one_of, text
from services.risk.db import Base
from services.risk.pipeline.enums import PipelineForecast, PipelineState


class PipelineOpportunity(FrozenRow):
    """An opportunity as its latest version says, in minor units of the base currency."""

    __tablename__ = "pipeline_opportunity"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    state: Annotated[PipelineState, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    expected_close: Annotated[date | None, Field(nullable=True)] = None
    forecast_category: Annotated[PipelineForecast, text(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class PipelineOpportunityTable(PipelineOpportunity, Base, table=True):
    """Opportunities."""

    __table_args__ = (
        one_of("state", PipelineState),
        one_of("forecast_category", PipelineForecast),
        sa.Index(
            "ix_pipeline_opportunity_open", "account_id", "expected_close", postgresql_where=sa.text("state = 'open'")
        ),
    )
