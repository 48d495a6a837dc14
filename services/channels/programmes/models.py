"""Table of rebate programmes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, document, identifiers, moment, text
from services.channels.db import Base


class RebateProgramme(Identified, Versioned, Base, table=True):
    """A tier plan and what it is for; empty lists mean every product line, every partner."""

    __tablename__ = "rebate_programme"
    __table_args__ = (
        sa.CheckConstraint("state IN ('draft', 'published')", name="state"),
        sa.CheckConstraint("kind IN ('marginal', 'retroactive')", name="kind"),
        sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name="period"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
        sa.Index("ix_rebate_programme_name_id", "name", "id"),
        sa.Index("ix_rebate_programme_state_valid_from", "state", "valid_from"),
    )

    name: str = text(nullable=False)
    kind: str = text(nullable=False)
    tiers: str = document(nullable=False)
    period: str = text(nullable=False)
    valid_from: date = Field(nullable=False)
    valid_to: date = Field(nullable=False)
    product_lines: list[str] = Field(sa_type=sa.ARRAY(sa.Text), nullable=False)
    partner_ids: list[UUID] = identifiers(nullable=False)
    state: str = text(nullable=False)
    published_at: datetime | None = moment(nullable=True, default=None)
