"""Orders with their lines, credits and checks."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, big_int, identifier, moment, text
from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.customer.db import Base
from services.customer.orders.enums import OrderState

_STATES = ", ".join(f"'{state.value}'" for state in OrderState)


class Order(Identified, Versioned, Base, table=True):
    """An order; base amounts and exchange rate are fixed at placement, 0 and NULL on a draft."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state"),
        sa.CheckConstraint("placement >= 0 AND (state IN ('draft', 'cancelled') OR placement > 0)", name="placement"),
        sa.CheckConstraint("placement = 0 OR exchange_rate IS NOT NULL", name="rate"),
        sa.CheckConstraint(f"net >= 0 AND tax >= 0 AND gross = net + tax AND gross <= {MAX_AMOUNT}", name="amounts"),
        sa.CheckConstraint(
            f"net_base >= 0 AND tax_base >= 0 AND gross_base = net_base + tax_base AND gross_base <= {MAX_AMOUNT}",
            name="base_amounts",
        ),
        sa.CheckConstraint("paid BETWEEN 0 AND gross AND paid_base BETWEEN 0 AND gross_base", name="paid"),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.Index("ix_orders_account_id_order_date", "account_id", "order_date"),
        sa.Index("ix_orders_order_date_id", "order_date", "id"),
        sa.Index("ix_orders_created_at_id", "created_at", "id"),
        sa.Index("ix_orders_gross_base_id", "gross_base", "id"),
        sa.Index("ix_orders_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_orders_partner_id_id", "partner_id", "id"),
        sa.Index("ix_orders_state_id", "state", "id"),
    )

    number: str = text(nullable=False)
    stream_key: UUID = identifier(nullable=False)
    account_id: UUID = identifier(nullable=False, foreign_key="account.id")
    owner_id: UUID | None = identifier(default=None, nullable=True)
    partner_id: UUID | None = identifier(default=None, nullable=True)
    region: str | None = text(default=None, nullable=True)
    customer_type: str | None = text(default=None, nullable=True)
    state: str = text(nullable=False)
    placement: int = Field(nullable=False)
    order_date: date = Field(nullable=False)
    payment_terms_days: int = Field(nullable=False)
    currency: str = text(nullable=False)
    base_currency: str = text(nullable=False)
    exchange_rate: str | None = text(default=None, nullable=True)
    net: int = big_int(nullable=False)
    tax: int = big_int(nullable=False)
    gross: int = big_int(nullable=False)
    net_base: int = big_int(nullable=False)
    tax_base: int = big_int(nullable=False)
    gross_base: int = big_int(nullable=False)
    paid: int = big_int(nullable=False)
    paid_base: int = big_int(nullable=False)
    placed_at: datetime | None = moment(default=None, nullable=True)
    cancel_reason: str | None = text(default=None, nullable=True)
    external_source: str | None = text(default=None, nullable=True)
    external_id: str | None = text(default=None, nullable=True)
    content_hash: str = text(nullable=False)


class OrderLine(Base, table=True):
    """A line; `returned` pieces of `quantity` have come back."""

    __tablename__ = "order_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0 AND returned BETWEEN 0 AND quantity", name="quantity"),
        sa.CheckConstraint("unit_price >= 0 AND discount >= 0 AND net >= 0 AND tax >= 0", name="amounts"),
        sa.CheckConstraint("gross = net + tax AND gross_base = net_base + tax_base", name="gross"),
        sa.Index("ix_order_line_sku", "sku"),
    )

    order_id: UUID = identifier(primary_key=True, foreign_key="orders.id")
    line_no: int = Field(primary_key=True)
    sku: str = text(nullable=False)
    product_line: str | None = text(default=None, nullable=True)
    quantity: int = big_int(nullable=False)
    returned: int = big_int(nullable=False)
    unit_price: int = big_int(nullable=False)
    discount: int = big_int(nullable=False)
    tax_rate: int = Field(nullable=False)
    net: int = big_int(nullable=False)
    tax: int = big_int(nullable=False)
    gross: int = big_int(nullable=False)
    net_base: int = big_int(nullable=False)
    tax_base: int = big_int(nullable=False)
    gross_base: int = big_int(nullable=False)


class OrderCredit(Base, table=True):
    """A credited seller; the shares of an order sum to 1,000,000."""

    __tablename__ = "order_credit"
    __table_args__ = (
        sa.CheckConstraint(f"share BETWEEN 1 AND {SHARE_WHOLE}", name="share"),
        sa.Index("ix_order_credit_member_id", "member_id"),
    )

    order_id: UUID = identifier(primary_key=True, foreign_key="orders.id")
    member_id: UUID = identifier(primary_key=True)
    position: int = Field(nullable=False)
    share: int = Field(nullable=False)


class OrderCheck(Base, table=True):
    """One check of one placement; an order is confirmed when all checks of its placement have passed."""

    __tablename__ = "order_check"
    __table_args__ = (
        sa.CheckConstraint("state IN ('pending', 'passed', 'refused', 'dropped')", name="state"),
        sa.CheckConstraint("kind IN ('credit')", name="kind"),
    )

    order_id: UUID = identifier(primary_key=True, foreign_key="orders.id")
    placement: int = Field(primary_key=True)
    kind: str = text(primary_key=True)
    state: str = text(nullable=False)
    decision: str | None = text(default=None, nullable=True)
    reason: str | None = text(default=None, nullable=True)
    shortfall: int | None = big_int(default=None, nullable=True)
    answer_event_id: UUID | None = identifier(default=None, nullable=True)
    answered_at: datetime | None = moment(default=None, nullable=True)
