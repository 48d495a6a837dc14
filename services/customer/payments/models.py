"""Payments, what of them pays which order, and refunds, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, text
from services.customer.db import Base, OfAccount, OfOwner
from services.customer.payments.rules import on_account_base, unallocated


class PaymentColumns(OwnedRow):
    """What the table of payments holds; `refunded` of the amount went back.

    `exchange_rate` is that of the day of receipt (None: there was none, or an earlier release booked it): money on
    account is worth something in base currency only by it. `for_order_id` gets the money once it is confirmed; until
    then the payment `is_waiting`. What is voided gives its external id back, which is kept as the former one.
    """

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
    exchange_rate: Annotated[str | None, text(nullable=True)] = None
    for_order_id: Annotated[UUID | None, identifier(nullable=True)] = None
    is_waiting: Annotated[bool, Field(nullable=False, sa_column_kwargs={"server_default": "false"})] = False
    voided_on: Annotated[date | None, Field(nullable=True)] = None
    void_reason: Annotated[str | None, text(nullable=True)] = None
    former_external_source: Annotated[str | None, text(nullable=True)] = None
    former_external_id: Annotated[str | None, text(nullable=True)] = None
    content_hash: Annotated[str, text(nullable=False)]


class PaymentTable(PaymentColumns, OfOwner, Base, table=True):
    """Payments."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.CheckConstraint("voided_on IS NULL OR refunded = 0", name="voided"),
        sa.Index(
            "ix_payment_former_external_id",
            "former_external_id",
            "former_external_source",
            postgresql_where=sa.text("former_external_id IS NOT NULL"),
        ),
        sa.Index("ix_payment_for_order_id", "for_order_id", postgresql_where=sa.text("is_waiting")),
        sa.Index("ix_payment_account_id_id", "account_id", "id"),
        sa.Index("ix_payment_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_payment_received_on_id", "received_on", "id"),
        sa.Index("ix_payment_created_at_id", "created_at", "id"),
        sa.Index("ix_payment_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_payment_account_owner_id_received_on_id", "account_owner_id", "received_on", "id"),
    )


class PaymentAllocation(FrozenRow):
    """What a payment pays of an order, and what of that was taken back since, by refunds or because it was voided.

    `allocated_on` is the day of the last allocation (None: at receipt), `days_late` counts from the order's due day to
    the receipt (None: of an earlier release).
    """

    __tablename__ = "payment_allocation"

    payment_id: Annotated[UUID, identifier(primary_key=True, foreign_key="payment.id")]
    order_id: Annotated[UUID, identifier(primary_key=True, foreign_key="orders.id")]
    amount: Annotated[int, big_int(nullable=False)]
    amount_base: Annotated[int, big_int(nullable=False)]
    refunded: Annotated[int, big_int(nullable=False)]
    refunded_base: Annotated[int, big_int(nullable=False)]
    allocated_on: Annotated[date | None, Field(nullable=True)] = None
    days_late: Annotated[int | None, Field(nullable=True)] = None


class PaymentAllocationTable(PaymentAllocation, Base, table=True):
    """Allocations of payments to orders."""

    __table_args__ = (
        sa.CheckConstraint("amount > 0 AND refunded BETWEEN 0 AND amount", name="amounts"),
        sa.Index("ix_payment_allocation_order_id", "order_id"),
    )


class MovedPart(FrozenRow):
    """What one step of a payment pays of an order, or takes back from it; positive."""

    order_id: UUID
    amount: int
    amount_base: int
    days_late: int | None = None


class PaymentRefund(FrozenRow):
    """Money of a payment that went back."""

    __tablename__ = "payment_refund"

    id: Annotated[UUID, identifier(primary_key=True)]
    payment_id: Annotated[UUID, identifier(nullable=False, foreign_key="payment.id")]
    amount: Annotated[int, big_int(nullable=False)]
    refunded_on: Annotated[date, Field(nullable=False)]
    allocations: Annotated[tuple[MovedPart, ...], DECODED, document(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class PaymentRefundTable(PaymentRefund, OfAccount, Base, table=True):
    """Refunds."""

    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.Index("ix_payment_refund_payment_id_id", "payment_id", "id"),
        sa.Index(None, "account_id", "created_at", "id"),
    )


class Payment(PaymentColumns):
    """Money received from an account of `owner_id`, what of it pays which order, and what went back. Who sees what the
    account reads as sees it (`seen_by`)."""

    owner_id: UUID | None
    seen_by: UUID | None = None
    allocations: Annotated[tuple[PaymentAllocation, ...], DECODED]
    refunds: Annotated[tuple[PaymentRefund, ...], DECODED] = ()

    @property
    def unallocated(self) -> int:
        """What is neither refunded nor allocated; nothing of a payment that was voided."""
        if self.voided_on is not None:
            return 0
        return unallocated(self.amount, self.refunded, [(part.amount, part.refunded) for part in self.allocations])

    @property
    def unallocated_base(self) -> int:
        """What that is worth in base currency at the rate of the receipt; 0 without one."""
        return on_account_base(self.unallocated, self.currency, self.exchange_rate, self.base_currency)

    @property
    def last_day(self) -> date:
        """The last day on which it was received or allocated."""
        return max([self.received_on, *(part.allocated_on for part in self.allocations if part.allocated_on)])


class MovedPayment(Payment):
    """A payment after a step that moved money of it to orders, or from them, on a business day."""

    moved: tuple[MovedPart, ...]
    moved_on: date
