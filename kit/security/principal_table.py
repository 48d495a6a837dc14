"""The table of principals that every service keeps, fed by events; what it gives is in `principals`."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Field, SQLModel

from kit.db.columns import identifier, identifiers, text


class PrincipalRow(SQLModel):
    """One membership of a principal: token subject (None without a login), units from the root down,
    valid from a date until before another (None: open)."""

    __tablename__ = "principal"

    id: UUID = identifier(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = Field(default=None)
    code: str = text(nullable=False)
    subject: str | None = text(default=None, nullable=True, index=True)
    path: list[UUID] = identifiers(nullable=False)
