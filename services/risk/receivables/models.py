"""Receivables as rows and as tables; all are written by the projection alone. Amounts: minor units, base currency."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, one_of, text
from services.risk.db import Base
from services.risk.receivables.enums import MoveKind


class ReceivableMove(FrozenRow):
    """One move on its business day: of an order, up or down; without an order, of an account's money (down: more)."""

    __tablename__ = "receivable_move"

    source_event_id: UUID = identifier(primary_key=True)
    source_ordinal: int = Field(primary_key=True)
    order_id: UUID | None = identifier(nullable=True, default=None)
    account_id: UUID = identifier(nullable=False)
    payment_id: UUID | None = identifier(nullable=True, default=None)
    kind: MoveKind = text(nullable=False)
    amount: int = big_int(nullable=False)
    day: date = Field(nullable=False)


class ReceivableMoveTable(ReceivableMove, Base, table=True):
    """Moves of receivables."""

    __table_args__ = (
        one_of("kind", MoveKind),
        sa.CheckConstraint("(order_id IS NULL) = (kind = 'on_account')", name="order"),
        sa.Index("ix_receivable_move_day_order_id", "day", "order_id"),
        sa.Index("ix_receivable_move_order_id", "order_id"),
        sa.Index("ix_receivable_move_on_account", "account_id", "day", "amount", postgresql_where="order_id IS NULL"),
        sa.Index("ix_receivable_move_payment_id", "payment_id", "amount", postgresql_where="order_id IS NULL"),
    )


class Receivable(FrozenRow):
    """What is owed of an order: open = gross - returned - paid. Blank, without a due day, until it is confirmed."""

    __tablename__ = "receivable"

    order_id: UUID = identifier(primary_key=True)
    account_id: UUID | None = identifier(nullable=True, default=None)
    partner_id: UUID | None = identifier(nullable=True, default=None)
    region: str | None = text(nullable=True, default=None)
    order_date: date | None = Field(nullable=True, default=None)
    terms_days: int | None = Field(nullable=True, default=None)
    due_on: date | None = Field(nullable=True, default=None)
    gross: int = big_int(nullable=False, default=0)
    returned: int = big_int(nullable=False, default=0)
    paid: int = big_int(nullable=False, default=0)
    open: int = big_int(nullable=False, default=0)


class ReceivableTable(Receivable, Base, table=True):
    """Receivables by order."""

    __table_args__ = (
        sa.CheckConstraint("open = gross - returned - paid", name="open"),
        sa.Index("ix_receivable_of_account", "account_id", "order_id", postgresql_include=["order_date", "due_on"]),
        sa.Index("ix_receivable_due_on_order_id", "due_on", "order_id"),
        sa.Index("ix_receivable_order_date", "order_date"),
        sa.Index("ix_receivable_open", "due_on", "order_id", postgresql_where="open <> 0"),
        sa.Index("ix_receivable_owed", "account_id", "due_on", postgresql_where="open > 0"),
        sa.Index("ix_receivable_partner_id", "partner_id", postgresql_where="partner_id IS NOT NULL"),
    )
