"""Tables of the rebate ledger; all are written by `ledger.apply_accruals` alone."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import big_int, document, identifier, moment, text
from services.channels.db import Base


class RebateAccount(Base, table=True):
    """Position and rebate of a partner in a programme's period; every writer of the ledger locks it first."""

    __tablename__ = "rebate_account"
    __table_args__ = (
        sa.UniqueConstraint("partner_id", "programme_id", "programme_version", "period_start"),
        sa.Index("ix_rebate_account_period_start_id", "period_start", "id"),
        sa.Index("ix_rebate_account_programme_id", "programme_id"),
    )

    id: UUID = identifier(primary_key=True)
    partner_id: UUID = identifier(nullable=False)
    programme_id: UUID = identifier(nullable=False)
    programme_version: int = Field(nullable=False)
    period_start: date = Field(nullable=False)
    period_end: date = Field(nullable=False)
    currency: str = text(nullable=False)
    position: int = big_int(nullable=False)
    accrued: int = big_int(nullable=False)


class RebateAccrual(Base, table=True):
    """A decision with all its inputs: what an order, or its return, moved in one programme."""

    __tablename__ = "rebate_accrual"
    __table_args__ = (
        sa.UniqueConstraint("source_event_id", "programme_id"),
        sa.CheckConstraint("position_after = position_before + volume", name="position"),
        sa.Index("ix_rebate_accrual_order_id", "order_id"),
    )

    id: UUID = identifier(primary_key=True)
    account_id: UUID = identifier(nullable=False, index=True)
    partner_id: UUID = identifier(nullable=False)
    programme_id: UUID = identifier(nullable=False)
    programme_version: int = Field(nullable=False)
    kind: str = text(nullable=False)
    tiers: str = document(nullable=False)
    period_start: date = Field(nullable=False)
    period_end: date = Field(nullable=False)
    order_id: UUID = identifier(nullable=False)
    order_date: date = Field(nullable=False)
    posting_date: date = Field(nullable=False)
    currency: str = text(nullable=False)
    volume: int = big_int(nullable=False)
    position_before: int = big_int(nullable=False)
    position_after: int = big_int(nullable=False)
    amount: int = big_int(nullable=False)
    slices: str = document(nullable=False)
    source_event_id: UUID = identifier(nullable=False)
    recorded_at: datetime = moment(nullable=False)


class RebateEntry(Base, table=True):
    """One side of an accrual; the two sides of each sum to zero. The accrual's id is its fact's."""

    __tablename__ = "rebate_entry"
    __table_args__ = (
        sa.UniqueConstraint("accrual_id", "ledger_account"),
        sa.CheckConstraint("ledger_account IN ('rebate_expense', 'partner_payable')", name="ledger_account"),
        sa.Index("ix_rebate_entry_recorded_at_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_partner_id_recorded_at_id", "partner_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_order_id_recorded_at_id", "order_id", "recorded_at", "id"),
    )

    id: UUID = identifier(primary_key=True)
    accrual_id: UUID = identifier(nullable=False)
    account_id: UUID = identifier(nullable=False)
    partner_id: UUID = identifier(nullable=False)
    order_id: UUID = identifier(nullable=False)
    ledger_account: str = text(nullable=False)
    amount: int = big_int(nullable=False)
    recorded_at: datetime = moment(nullable=False)
