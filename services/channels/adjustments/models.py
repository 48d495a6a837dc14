"""Adjustments of rebates, as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, text
from services.channels.db import Base


class RebateAdjustment(OwnedRow):
    """What somebody gave a partner, or took (`amount` below zero, minor units of the base currency); never changed."""

    __tablename__ = "rebate_adjustment"

    partner_id: Annotated[UUID, identifier(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    posting_date: Annotated[date, Field(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]


class RebateAdjustmentTable(RebateAdjustment, Base, table=True):
    """Adjustments."""

    __table_args__ = (
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.Index("ix_rebate_adjustment_posting_date_id", "posting_date", "id"),
        sa.Index("ix_rebate_adjustment_partner_id_posting_date_id", "partner_id", "posting_date", "id"),
    )
