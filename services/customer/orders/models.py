"""Orders with their lines, splits and checks, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeys
from kit.money import MAX_AMOUNT, SHARE_WHOLE
from services.customer.db import Base
from services.customer.orders.enums import CheckKind, CheckState, Decision, OrderState, PricePolicy


class OrderPromotion(FrozenRow):
    """What of the discount of a line is a promotion's; in base currency (at the order's rate) 0 on a draft."""

    promotion_id: UUID
    line_no: int
    discount: int
    discount_base: int = 0


class OrderColumns(OwnedRow):
    """What the table of orders holds; base amounts and exchange rate are fixed at placement, 0 and None on a draft.

    `is_dated` says whether somebody chose the order date (None, of 0.1.0: see `has_given_date`), `is_split` whether
    somebody entered the credits (None: as if); else they are of the account's owner at each placement. What is
    cancelled gives its external id back, which is kept as the former one. `returned` is the gross amount of what
    came back; the database keeps it, whoever writes a return. `customer_type` is decided at each placement (of 0.1.0:
    what the company called the customer). `quote_id` names a quote of channels, which judges whether the order is what
    was quoted; `promotions` and `points` (those that it redeems) are for channels to judge, too; `deal_id` and
    `contract_id` are kept as they are given; `price_policy` is that of the latest placement, `placed_by` the token
    subject of who asked for it. `is_first_order` says at a placement that nothing was confirmed of the account yet;
    from the confirmation on it is that of one order of an account (the database decides).
    """

    __tablename__ = "orders"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False, foreign_key="account.id")]
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    state: Annotated[OrderState, text(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    is_dated: Annotated[bool | None, Field(nullable=True)] = None
    is_split: Annotated[bool | None, Field(nullable=True)] = None
    payment_terms_days: Annotated[int, Field(nullable=False)]
    contact_id: Annotated[UUID | None, identifier(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    deal_id: Annotated[UUID | None, identifier(nullable=True)] = None
    quote_id: Annotated[UUID | None, identifier(nullable=True)] = None
    contract_id: Annotated[UUID | None, identifier(nullable=True)] = None
    promotions: Annotated[
        tuple[OrderPromotion, ...], DECODED, document(nullable=False, sa_column_kwargs={"server_default": "[]"})
    ] = ()
    points: Annotated[int | None, big_int(nullable=True)] = None
    price_policy: Annotated[PricePolicy | None, text(nullable=True)] = None
    currency: Annotated[str, text(nullable=False)]
    base_currency: Annotated[str, text(nullable=False)]
    exchange_rate: Annotated[str | None, text(nullable=True)] = None
    net: Annotated[int, big_int(nullable=False)]
    tax: Annotated[int, big_int(nullable=False)]
    gross: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    tax_base: Annotated[int, big_int(nullable=False)]
    gross_base: Annotated[int, big_int(nullable=False)]
    paid: Annotated[int, big_int(nullable=False)]
    paid_base: Annotated[int, big_int(nullable=False)]
    returned: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    is_first_order: Annotated[bool | None, Field(nullable=True)] = None
    placed_at: Annotated[datetime | None, moment(nullable=True)] = None
    placed_by: Annotated[str | None, text(nullable=True)] = None
    cancel_reason: Annotated[str | None, text(nullable=True)] = None
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None
    former_external_source: Annotated[str | None, text(nullable=True)] = None
    former_external_id: Annotated[str | None, text(nullable=True)] = None
    content_hash: Annotated[str, text(nullable=False)]


class OwedOrder(FrozenRow):
    """An order of which something is owed, and when that is to be told as overdue: a moment that is not later than its
    time in any zone, until a worker has looked."""

    __tablename__ = "orders"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime, moment(nullable=False)]


class OrderTable(OrderColumns, Base, table=True):
    """Orders. The database sets `due_at` when something begins to be owed of one, and takes it away with the last of
    it, whichever release writes."""

    due_at: Annotated[datetime | None, moment(nullable=True)] = None

    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("external_source", "external_id"),
        one_of("state", OrderState),
        one_of("price_policy", PricePolicy),
        sa.CheckConstraint("placement >= 0 AND (state IN ('draft', 'cancelled') OR placement > 0)", name="placement"),
        sa.CheckConstraint("placement = 0 OR exchange_rate IS NOT NULL", name="rate"),
        sa.CheckConstraint(f"net >= 0 AND tax >= 0 AND gross = net + tax AND gross <= {MAX_AMOUNT}", name="amounts"),
        sa.CheckConstraint(
            f"net_base >= 0 AND tax_base >= 0 AND gross_base = net_base + tax_base AND gross_base <= {MAX_AMOUNT}",
            name="base_amounts",
        ),
        sa.CheckConstraint("paid BETWEEN 0 AND gross", name="paid"),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name="external"),
        sa.Index(
            "ix_orders_former_external_id",
            "former_external_id",
            "former_external_source",
            postgresql_where=sa.text("former_external_id IS NOT NULL"),
        ),
        sa.Index("ix_orders_account_id_order_date", "account_id", "order_date"),
        sa.Index("ix_orders_order_date_id", "order_date", "id"),
        sa.Index("ix_orders_created_at_id", "created_at", "id"),
        sa.Index("ix_orders_gross_base_id", "gross_base", "id"),
        sa.Index("ix_orders_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_orders_owner_id_order_date_id", "owner_id", "order_date", "id"),
        sa.Index("ix_orders_owner_id_gross_base_id", "owner_id", "gross_base", "id"),
        sa.Index(
            "ix_orders_owner_id_state_created_at_id",
            *("owner_id", "state", "created_at", "id"),
            postgresql_where=sa.text("state IN ('draft', 'placed', 'on_hold')"),
        ),
        sa.Index("ix_orders_partner_id_id", "partner_id", "id"),
        *(
            sa.Index(f"ix_orders_{name}", name, postgresql_where=sa.text(f"{name} IS NOT NULL"))
            for name in ("channel_id", "contact_id", "contract_id", "deal_id", "quote_id")
        ),
        sa.Index("ix_orders_state_id", "state", "id"),
        sa.Index("ix_orders_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class FirstOrder(FrozenRow):
    """The order by which an account, with those merged into it, became a customer: the first that was confirmed."""

    __tablename__ = "first_order"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]


class FirstOrderTable(FirstOrder, Base, table=True):
    """First orders, kept by the database."""

    __table_args__ = (sa.Index("ix_first_order_order_id", "order_id", unique=True),)


class OrderLine(FrozenRow):
    """A line; `returned` pieces of `quantity` have come back. Fixed at placement: its discount in base currency, what a
    unit costs by the list as its quote has it (None without a quote), what a unit costs the company and what is left of
    the net (None: the cost is not known)."""

    __tablename__ = "order_line"

    order_id: Annotated[UUID, identifier(primary_key=True, foreign_key="orders.id", exclude=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str, text(nullable=False)]
    product_line: Annotated[str | None, text(nullable=True)] = None
    quantity: Annotated[int, big_int(nullable=False)]
    returned: Annotated[int, big_int(nullable=False)]
    unit_price: Annotated[int, big_int(nullable=False)]
    discount: Annotated[int, big_int(nullable=False)]
    tax_rate: Annotated[int, Field(nullable=False)]
    net: Annotated[int, big_int(nullable=False)]
    tax: Annotated[int, big_int(nullable=False)]
    gross: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    tax_base: Annotated[int, big_int(nullable=False)]
    gross_base: Annotated[int, big_int(nullable=False)]
    list_price: Annotated[int | None, big_int(nullable=True)] = None
    discount_base: Annotated[int | None, big_int(nullable=True)] = None
    unit_cost_base: Annotated[int | None, big_int(nullable=True)] = None
    margin_base: Annotated[int | None, big_int(nullable=True)] = None


class OrderLineTable(OrderLine, Base, table=True):
    """Lines of orders."""

    __table_args__ = (
        sa.CheckConstraint("quantity > 0 AND returned BETWEEN 0 AND quantity", name="quantity"),
        sa.CheckConstraint("unit_price >= 0 AND discount >= 0 AND net >= 0 AND tax >= 0", name="amounts"),
        sa.CheckConstraint("gross = net + tax AND gross_base = net_base + tax_base", name="gross"),
        sa.Index("ix_order_line_sku", "sku"),
    )


class OrderSplit(FrozenRow):
    """A credited seller's share of an order; the shares of an order sum to 1,000,000."""

    __tablename__ = "order_credit"

    order_id: Annotated[UUID, identifier(primary_key=True, foreign_key="orders.id", exclude=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    position: Annotated[int, Field(nullable=False, exclude=True)]
    share: Annotated[int, Field(nullable=False)]


class OrderSplitTable(OrderSplit, Base, table=True):
    """Shares of sellers."""

    __table_args__ = (
        sa.CheckConstraint(f"share BETWEEN 1 AND {SHARE_WHOLE}", name="share"),
        sa.Index("ix_order_credit_member_id", "member_id"),
    )


class OrderCheck(FrozenRow):
    """One check of one placement; an order is confirmed when all checks of its placement have passed. `cause` says more
    than the closed words of `reason`."""

    __tablename__ = "order_check"

    order_id: Annotated[UUID, identifier(primary_key=True, foreign_key="orders.id", exclude=True)]
    placement: Annotated[int, Field(primary_key=True)]
    kind: Annotated[CheckKind, text(primary_key=True)]
    state: Annotated[CheckState, text(nullable=False)]
    decision: Annotated[Decision | None, text(nullable=True)] = None
    reason: Annotated[str | None, text(nullable=True)] = None
    cause: Annotated[str | None, text(nullable=True)] = None
    shortfall: Annotated[int | None, big_int(nullable=True)] = None
    answer_event_id: Annotated[UUID | None, identifier(nullable=True, exclude=True)] = None
    answered_at: Annotated[datetime | None, moment(nullable=True)] = None


class OrderCheckTable(OrderCheck, Base, table=True):
    """Checks of placements."""

    __table_args__ = (one_of("state", CheckState), one_of("kind", CheckKind))


class LineBack(FrozenRow):
    """What was given back of a line by all returns, not negative."""

    line_no: int
    net: int
    tax: int
    net_base: int
    tax_base: int


class Order(OrderColumns):
    """An order with all that belongs to it, and what its account has now (`account_*`; who sees what it reads as,
    `account_seen_by`, sees the order); `paid_late` are the days by which money for it came late, `back` has the lines
    of which something came back, `returned_base` is what was booked for that.

    Whoever may work the account may work the order; its own `owner_id` is there for lists.
    """

    lines: Annotated[tuple[OrderLine, ...], DECODED]
    credits: Annotated[tuple[OrderSplit, ...], DECODED]
    checks: Annotated[tuple[OrderCheck, ...], DECODED] = ()
    back: Annotated[tuple[LineBack, ...], DECODED] = ()
    returned_base: int = 0
    paid_late: int = 0
    account_owner_id: UUID | None
    account_region: str | None
    account_archived_at: datetime | None
    account_root_id: UUID | None = None
    account_seen_by: UUID | None = None

    @property
    def asked(self) -> tuple[OrderCheck, ...]:
        """The checks of the current placement."""
        return tuple(check for check in self.checks if check.placement == self.placement)


class ShownOrder(Order):
    """An order as it is seen on a business day: what is owed of it, until when, whether that day has passed, and by how
    many days it is late, or was paid late."""

    open_amount: int
    due_on: date
    is_overdue: bool
    days_late: int


class Buyer(NamedTuple):
    """What an order needs of its account; `next_number` where an order's number was drawn with it."""

    id: UUID
    stream_key: UUID
    owner_id: UUID | None
    region: str | None
    archived_at: datetime | None
    root_id: UUID | None = None
    seen_by: UUID | None = None
    next_number: int = 0
