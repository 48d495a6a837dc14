"""Assessments as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, one_of, text
from services.risk.assessments.enums import AssessmentKind
from services.risk.assessments.rules import Judged
from services.risk.db import Base
from services.risk.policies.enums import RiskBand


class Assessment(FrozenRow):
    """How likely a risk is and what it would do, under a version of the matrix; the last of its kind counts.

    `ordinal` counts the assessments of the risk, `day` is the business day.
    """

    __tablename__ = "assessment"

    id: Annotated[UUID, identifier(primary_key=True)]
    risk_id: Annotated[UUID, identifier(nullable=False)]
    ordinal: Annotated[int, Field(nullable=False)]
    kind: Annotated[AssessmentKind, text(nullable=False)]
    likelihood: Annotated[int, Field(nullable=False)]
    impact: Annotated[int, Field(nullable=False)]
    band: Annotated[RiskBand, text(nullable=False)]
    matrix_version: Annotated[int, Field(nullable=False)]
    rationale: Annotated[str, text(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    assessed_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]

    @property
    def judged(self) -> Judged:
        """The cell and its band."""
        return Judged(self.likelihood, self.impact, self.band)


class AssessmentTable(Assessment, Base, table=True):
    """Assessments."""

    __table_args__ = (
        one_of("kind", AssessmentKind),
        one_of("band", RiskBand),
        sa.CheckConstraint("likelihood BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name="cell"),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"]),
        sa.UniqueConstraint("risk_id", "ordinal"),
        sa.Index("ix_assessment_created_at_id", "created_at", "id"),
    )
