"""Tables of the members: members, their memberships, and the directory that gives record scope."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, identifier, text
from kit.security.principals import PrincipalRow
from services.targets.db import Base


class Member(Identified, Versioned, Base, table=True):
    """Somebody of the sales organisation; `subject` is the token subject, null without a login."""

    __tablename__ = "member"

    code: str = text(nullable=False, unique=True)
    subject: str | None = text(default=None, nullable=True, unique=True)
    role: str = text(nullable=False)


class Membership(Base, table=True):
    """Where a member belongs from `valid_from` until before `valid_to` (null: open)."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.CheckConstraint("valid_to > valid_from", name="not_empty"),
        sa.Index("uq_membership_open", "member_id", unique=True, postgresql_where=sa.text("valid_to IS NULL")),
    )

    member_id: UUID = identifier(primary_key=True, foreign_key="member.id")
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = Field(default=None)
    unit_id: UUID = identifier(nullable=False, foreign_key="unit.id", index=True)


class Principal(PrincipalRow, Base, table=True):
    """Directory of the callers, written together with the memberships."""
