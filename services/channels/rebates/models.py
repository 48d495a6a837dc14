"""Rows and tables of the rebate ledger; all are written by `ledger.apply_accruals` alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, one_of, text
from services.channels.db import Base
from services.channels.programmes.models import TierSteps
from services.channels.programmes.rules import PlanKind
from services.channels.rebates.enums import LedgerAccount


class SliceStep(FrozenRow):
    """The part of a move from `start` to `end` (minor units), at `rate` (millionths)."""

    start: int
    end: int
    rate: int


SliceSteps = Annotated[tuple[SliceStep, ...], DECODED]


class RebateAccount(FrozenRow):
    """Position and rebate of a partner in a programme's period; every writer of the ledger locks it first."""

    __tablename__ = "rebate_account"

    id: Annotated[UUID, identifier(primary_key=True)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_version: Annotated[int, Field(nullable=False)]
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    position: Annotated[int, big_int(nullable=False)]
    accrued: Annotated[int, big_int(nullable=False)]


class RebateAccountTable(RebateAccount, Base, table=True):
    """Positions of partners."""

    __table_args__ = (
        sa.UniqueConstraint("partner_id", "programme_id", "programme_version", "period_start"),
        sa.Index("ix_rebate_account_period_start_id", "period_start", "id"),
        sa.Index("ix_rebate_account_programme_id", "programme_id"),
    )


class RebateAccrual(FrozenRow):
    """A decision with all its inputs: what an order, or its return, moved in one programme."""

    __tablename__ = "rebate_accrual"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False, index=True)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    programme_id: Annotated[UUID, identifier(nullable=False)]
    programme_version: Annotated[int, Field(nullable=False)]
    kind: Annotated[PlanKind, text(nullable=False)]
    tiers: Annotated[TierSteps, document(nullable=False)]
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    posting_date: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    volume: Annotated[int, big_int(nullable=False)]
    position_before: Annotated[int, big_int(nullable=False)]
    position_after: Annotated[int, big_int(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    slices: Annotated[SliceSteps, document(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class RebateAccrualTable(RebateAccrual, Base, table=True):
    """Decisions."""

    __table_args__ = (
        sa.UniqueConstraint("source_event_id", "programme_id"),
        sa.CheckConstraint("position_after = position_before + volume", name="position"),
        sa.Index("ix_rebate_accrual_order_id", "order_id"),
    )


class RebateEntry(FrozenRow):
    """One side of an accrual; the two sides of each sum to zero. The accrual's id is its fact's."""

    __tablename__ = "rebate_entry"

    id: Annotated[UUID, identifier(primary_key=True)]
    accrual_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    ledger_account: Annotated[LedgerAccount, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class RebateEntryTable(RebateEntry, Base, table=True):
    """Sides of decisions."""

    __table_args__ = (
        sa.UniqueConstraint("accrual_id", "ledger_account"),
        one_of("ledger_account", LedgerAccount),
        sa.Index("ix_rebate_entry_recorded_at_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_partner_id_recorded_at_id", "partner_id", "recorded_at", "id"),
        sa.Index("ix_rebate_entry_order_id_recorded_at_id", "order_id", "recorded_at", "id"),
    )
