"""Marks of what was credited as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment
from services.targets.db import Base


def _listed(kind: Any) -> Any:
    return Field(sa_type=sa.ARRAY(kind), nullable=False)


class CreditMark(FrozenRow):
    """The places to which a batch of facts credited something, each once, by their position: the unit is that of the
    day, nothing where there is none. It is due at the end of its minute."""

    __tablename__ = "credit_mark"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime, moment(nullable=False)]
    days: Annotated[tuple[date, ...], _listed(sa.Date)]
    member_ids: Annotated[tuple[UUID, ...], _listed(sa.Uuid)]
    unit_ids: Annotated[tuple[UUID | None, ...], _listed(sa.Uuid)]
    product_lines: Annotated[tuple[str | None, ...], _listed(sa.Text)]
    regions: Annotated[tuple[str | None, ...], _listed(sa.Text)]
    customer_types: Annotated[tuple[str | None, ...], _listed(sa.Text)]
    channel_ids: Annotated[tuple[UUID | None, ...], _listed(sa.Uuid)]


class CreditMarkTable(CreditMark, Base, table=True):
    """Marks."""

    __table_args__ = (sa.Index("ix_credit_mark_due_at", "due_at"),)
