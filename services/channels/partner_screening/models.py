"""Screenings as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, one_of, text
from services.channels.db import Base
from services.channels.partner_screening.enums import PartnerScreeningState

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class PartnerScore(FrozenRow):
    """What an applicant has of a criterion (points, 0 to 100), and what shows it."""

    criterion: str
    score: int
    evidence: str


class PartnerScreening(OwnedRow):
    """A partner weighed by the criteria that counted when it began; they stay its criteria.

    `score` (hundredths of a point), `is_passed` and `failures` are of scores that are complete. `scored_by` are all who
    entered scores.
    """

    __tablename__ = "partner_screening"

    partner_id: Annotated[UUID, identifier(nullable=False)]
    criteria_version: Annotated[int, Field(nullable=False)]
    state: Annotated[PartnerScreeningState, text(nullable=False)]
    scores: Annotated[Annotated[tuple[PartnerScore, ...], DECODED], document(nullable=False)] = ()
    score: Annotated[int | None, Field(nullable=True)] = None
    is_passed: Annotated[bool | None, Field(nullable=True)] = None
    failures: Texts = ()
    opened_by: Annotated[str, text(nullable=False)]
    scored_by: Texts = ()
    decided_by: Annotated[str | None, text(nullable=True)] = None
    decided_on: Annotated[date | None, Field(nullable=True)] = None
    decision_note: Annotated[str, text(nullable=False)] = ""


class PartnerScreeningTable(PartnerScreening, Base, table=True):
    """Screenings; one of a partner is open at most."""

    __table_args__ = (
        one_of("state", PartnerScreeningState),
        sa.CheckConstraint("(score IS NULL) = (is_passed IS NULL)", name="score"),
        sa.CheckConstraint(
            "num_nulls(decided_by, decided_on) = CASE state WHEN 'open' THEN 2 ELSE 0 END", name="decided"
        ),
        sa.CheckConstraint("state <> 'approved' OR is_passed IS TRUE", name="approved"),
        sa.Index("uq_partner_screening_open", "partner_id", unique=True, postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_partner_screening_partner_id_created_at_id", "partner_id", "created_at", "id"),
        sa.Index("ix_partner_screening_created_at_id", "created_at", "id"),
    )
