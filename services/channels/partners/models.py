"""Table of partners."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, text
from services.channels.db import Base


class Partner(Identified, Versioned, Base, table=True):
    """An organisation that sells for the company."""

    __tablename__ = "partner"
    __table_args__ = (
        sa.CheckConstraint("state IN ('applied', 'active', 'suspended')", name="state"),
        sa.Index("ix_partner_name_id", "name", "id"),
    )

    code: str = text(nullable=False, unique=True)
    name: str = text(nullable=False)
    kind: str = text(nullable=False)
    regions: list[str] = Field(sa_type=sa.ARRAY(sa.Text), nullable=False)
    state: str = text(nullable=False)
