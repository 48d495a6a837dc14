"""Observations as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, one_of, text
from services.targets.db import Base
from services.targets.observations.enums import ObservationKind


class Observation(OwnedRow):
    """What somebody observed of a scope and a period; it never changes: a later one corrects it by naming it."""

    __tablename__ = "observation"

    external_id: Annotated[str, text(nullable=False)]
    kind: Annotated[ObservationKind, text(nullable=False)]
    subject: Annotated[str | None, text(nullable=True)] = None
    unit_id: Annotated[UUID | None, identifier(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    product_line: Annotated[str | None, text(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    value: Annotated[int, big_int(nullable=False)]
    source: Annotated[str, text(nullable=False)]
    observed_on: Annotated[date, Field(nullable=False)]
    corrects_id: Annotated[UUID | None, identifier(nullable=True)] = None
    author: Annotated[str, text(nullable=False)]


class ObservationTable(Observation, Base, table=True):
    """Observations."""

    __table_args__ = (
        one_of("kind", ObservationKind),
        sa.CheckConstraint("period_end >= period_start", name="period"),
        sa.UniqueConstraint("external_id"),
        sa.Index(
            "uq_observation_corrects_id",
            "corrects_id",
            unique=True,
            postgresql_where=sa.text("corrects_id IS NOT NULL"),
        ),
        sa.Index("ix_observation_kind_period_start", "kind", "period_start"),
        sa.Index("ix_observation_observed_on_id", "observed_on", "id"),
        sa.Index("ix_observation_unit_id", "unit_id"),
    )
