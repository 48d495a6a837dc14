"""Pipelines as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, text
from services.customer.db import Base
from services.customer.pipelines.enums import OpenCategory


class Stage(FrozenRow):
    """A stage, and what an opportunity has that comes to it: `probability` in millionths, how it counts."""

    code: str
    name: str | None = None
    probability: int
    forecast_category: OpenCategory


class Pipeline(OwnedRow):
    """A version of the stages that opportunities go through, in their order, for those added from `valid_from` on. It
    is never changed: another version follows, and an opportunity stays with the one it was added under."""

    __tablename__ = "pipeline"

    pipeline: Annotated[str, text(nullable=False)]
    number: Annotated[int, Field(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    stages: Annotated[tuple[Stage, ...], DECODED, document(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]

    def stage(self, code: str) -> Stage | None:
        """The stage of this code."""
        return next((stage for stage in self.stages if stage.code == code), None)


class PipelineTable(Pipeline, Base, table=True):
    """Versions of pipelines."""

    __table_args__ = (
        sa.UniqueConstraint("pipeline", "number"),
        sa.Index("ix_pipeline_created_at_id", "created_at", "id"),
    )
