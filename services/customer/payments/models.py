"""Payments, what of them pays which order, and refunds, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, text
from services.customer.db import Base, OfAccount
from services.customer.payments.rules import unallocated


class PaymentColumns(OwnedRow):
    """What the table of payments holds; `refunded` of the amount went back."""

    __tablename__ = "payment"

    account_id: Annotated[UUID, identifier(nullable=False, foreign_key="account.id")]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    base_currency: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    refunded: Annotated[int, big_int(nullable=False)]
    received_on: Annotated[date, Field(nullable=False)]
    method: Annotated[str, text(nullable=False)]
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None
    content_hash: Annotated[str, text(nullable=False)]


class PaymentTable(PaymentColumns, Base, table=True):
    """Payments."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.Index("ix_payment_account_id_id", "account_id", "id"),
        sa.Index("ix_payment_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_payment_received_on_id", "received_on", "id"),
        sa.Index("ix_payment_created_at_id", "created_at", "id"),
    )


class PaymentAllocation(FrozenRow):
    """What a payment pays of an order, and what of that was taken back since."""

    __tablename__ = "payment_allocation"

    payment_id: Annotated[UUID, identifier(primary_key=True, foreign_key="payment.id")]
    order_id: Annotated[UUID, identifier(primary_key=True, foreign_key="orders.id")]
    amount: Annotated[int, big_int(nullable=False)]
    amount_base: Annotated[int, big_int(nullable=False)]
    refunded: Annotated[int, big_int(nullable=False)]
    refunded_base: Annotated[int, big_int(nullable=False)]


class PaymentAllocationTable(PaymentAllocation, Base, table=True):
    """Allocations of payments to orders."""

    __table_args__ = (
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.Index("ix_payment_allocation_order_id", "order_id"),
    )


class RefundPart(FrozenRow):
    """What a refund takes back from an order; positive."""

    order_id: UUID
    amount: int
    amount_base: int


class PaymentRefund(FrozenRow):
    """Money of a payment that went back."""

    __tablename__ = "payment_refund"

    id: Annotated[UUID, identifier(primary_key=True)]
    payment_id: Annotated[UUID, identifier(nullable=False, foreign_key="payment.id")]
    amount: Annotated[int, big_int(nullable=False)]
    refunded_on: Annotated[date, Field(nullable=False)]
    allocations: Annotated[tuple[RefundPart, ...], DECODED, document(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class PaymentRefundTable(PaymentRefund, OfAccount, Base, table=True):
    """Refunds."""

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_payment_refund_payment_id_id", "payment_id", "id"),
        sa.Index(None, "account_id", "created_at", "id"),
    )


class Payment(PaymentColumns):
    """Money received from an account of `owner_id`, what of it pays which order, and what went back."""

    owner_id: UUID | None
    allocations: Annotated[tuple[PaymentAllocation, ...], DECODED]
    refunds: Annotated[tuple[PaymentRefund, ...], DECODED] = ()

    @property
    def unallocated(self) -> int:
        """What is neither refunded nor allocated."""
        return unallocated(self.amount, self.refunded, [(part.amount, part.refunded) for part in self.allocations])
