"""Payments, what of them pays which order, and refunds."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, big_int, document, identifier, moment, text
from services.customer.db import Base


class Payment(Identified, Versioned, Base, table=True):
    """Money received from an account; `refunded` of it went back."""

    __tablename__ = "payment"
    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.Index("ix_payment_account_id_id", "account_id", "id"),
        sa.Index("ix_payment_received_on_id", "received_on", "id"),
        sa.Index("ix_payment_created_at_id", "created_at", "id"),
    )

    account_id: UUID = identifier(nullable=False, foreign_key="account.id")
    stream_key: UUID = identifier(nullable=False)
    currency: str = text(nullable=False)
    base_currency: str = text(nullable=False)
    amount: int = big_int(nullable=False)
    refunded: int = big_int(nullable=False)
    received_on: date = Field(nullable=False)
    method: str = text(nullable=False)
    external_source: str | None = text(default=None, nullable=True)
    external_id: str | None = text(default=None, nullable=True)
    content_hash: str = text(nullable=False)


class PaymentAllocation(Base, table=True):
    """What a payment pays of an order, and what of that was taken back since."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.Index("ix_payment_allocation_order_id", "order_id"),
    )

    payment_id: UUID = identifier(primary_key=True, foreign_key="payment.id")
    order_id: UUID = identifier(primary_key=True, foreign_key="orders.id")
    amount: int = big_int(nullable=False)
    amount_base: int = big_int(nullable=False)
    refunded: int = big_int(nullable=False)
    refunded_base: int = big_int(nullable=False)


class PaymentRefund(Identified, Base, table=True):
    """Money of a payment that went back."""

    __tablename__ = "payment_refund"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_payment_refund_payment_id_id", "payment_id", "id"),
    )

    payment_id: UUID = identifier(nullable=False, foreign_key="payment.id")
    amount: int = big_int(nullable=False)
    refunded_on: date = Field(nullable=False)
    allocations: str = document(nullable=False)
    created_at: datetime = moment(nullable=False)
