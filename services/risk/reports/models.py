"""Snapshots of the dashboard, and when the next one is made, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, document, identifier, moment, text
from services.risk.db import Base
from services.risk.reports.schemas import RiskDashboardRead


class RiskSnapshot(FrozenRow):
    """What the dashboard showed of a day, and the SHA-256 of its canonical form; it never changes.

    `is_late`: it was made after the day that follows.
    """

    __tablename__ = "risk_snapshot"

    id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date, Field(nullable=False, unique=True)]
    body: Annotated[RiskDashboardRead, DECODED, document(nullable=False)]
    sha256: Annotated[str, text(nullable=False)]
    is_late: Annotated[bool, Field(nullable=False)]
    taken_at: Annotated[datetime, moment(nullable=False)]


class RiskSnapshotTable(RiskSnapshot, Base, table=True):
    """Snapshots; a trigger refuses every change."""

    __table_args__ = (sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),)


class SnapshotNight(FrozenRow):
    """The one row that is due when the snapshot of `day` is to be made (None: that of the day before)."""

    __tablename__ = "snapshot_night"

    id: Annotated[UUID, identifier(primary_key=True)]
    day: Annotated[date | None, Field(nullable=True)] = None
    due_at: Annotated[datetime, moment(nullable=False)]


class SnapshotNightTable(SnapshotNight, Base, table=True):
    """When the next snapshot is made."""

    __table_args__ = (sa.Index("ix_snapshot_night_due_at", "due_at"),)
