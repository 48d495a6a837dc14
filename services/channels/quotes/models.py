"""Quotes, their lines and what promotions give of each, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import (
    DECODED,
    FrozenRow,
    OwnedRow,
    big_int,
    document,
    identifier,
    identifiers,
    moment,
    one_of,
    text,
)
from kit.db.text_keys import TextKeys
from services.channels.db import Base
from services.channels.evaluator.results import QuoteApproval, Reason
from services.channels.quotes.enums import QuoteState

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class Quote(OwnedRow):
    """What an account is offered at which terms, until the end of `valid_until`; amounts in minor units.

    `revision` counts its terms: lines, parts and trace are of one. `exchange_rate` is base units per unit as decimal
    text. `approvals` are what a second person must agree to, `written_by` who wrote the revision, `decided_by` who
    approved or rejected it. `coupon_ids` are the coupons that it needs. `points` of the member `points_account_id` take
    `points_value` off. `due_at` is when it expires, unless an order named it in time:
    it is that `order_id`'s then, until the order is cancelled.
    """

    __tablename__ = "quote"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    revision: Annotated[int, Field(nullable=False)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    channel_id: Annotated[UUID | None, identifier(nullable=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    state: Annotated[QuoteState, text(nullable=False)]
    quote_date: Annotated[date, Field(nullable=False)]
    valid_until: Annotated[date, Field(nullable=False)]
    payment_terms_days: Annotated[int, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    exchange_rate: Annotated[str, text(nullable=False)]
    gross: Annotated[int, big_int(nullable=False)]
    discount: Annotated[int, big_int(nullable=False)]
    net: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    cost_base: Annotated[int | None, big_int(nullable=True)]
    gifts: Texts
    declined: Texts
    approvals: Texts
    written_by: Annotated[str, text(nullable=False)]
    decided_by: Annotated[str | None, text(nullable=True)] = None
    decision_note: Annotated[str, text(nullable=False)] = ""
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    order_id: Annotated[UUID | None, identifier(nullable=True)] = None
    coupon_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False, sa_column_kwargs={"server_default": "{}"})] = ()
    points: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    points_account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    points_value: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0


class QuoteTable(Quote, Base, table=True):
    """Quotes."""

    __table_args__ = (
        one_of("state", QuoteState),
        sa.CheckConstraint("gross = discount + net", name="net"),
        sa.CheckConstraint("(points > 0) = (points_account_id IS NOT NULL)", name="points"),
        sa.CheckConstraint("due_at IS NULL OR state IN ('pending_approval', 'issued')", name="due_at"),
        sa.UniqueConstraint("number"),
        sa.Index("ix_quote_quote_date_id", "quote_date", "id"),
        sa.Index("ix_quote_account_id_quote_date_id", "account_id", "quote_date", "id"),
        sa.Index("ix_quote_owner_id_quote_date_id", "owner_id", "quote_date", "id"),
        sa.Index("ix_quote_order_id", "order_id", postgresql_where="order_id IS NOT NULL"),
        sa.Index("ix_quote_due_at", "due_at", postgresql_where="due_at IS NOT NULL"),
    )


class PriceFloorBreach(FrozenRow):
    """A line of a confirmed order that was said to be under its floor."""

    __tablename__ = "price_floor_breach"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]


class PriceFloorBreachTable(PriceFloorBreach, Base, table=True):
    """Lines under their floors."""


class StepDocument(FrozenRow):
    """What a line cost before and after a step: `price` (code: book and entry), a promotion, `manual`."""

    step: str
    code: str
    version: int
    before: int
    after: int


class QuoteLine(FrozenRow):
    """A line of a revision: quantity x unit_price = discount + net. A gift is a line whose discount is all of it.

    `floor` is the least net that full cost and the least markup leave, 0 where no cost is known; `net_base` sums to the
    quote's. `approval_id` is the standing approval that covers a net under the floor.
    """

    __tablename__ = "quote_line"

    quote_id: Annotated[UUID, identifier(primary_key=True)]
    revision: Annotated[int, Field(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str, text(nullable=False)]
    product_line: Annotated[str, text(nullable=False)]
    is_gift: Annotated[bool, Field(nullable=False)]
    quantity: Annotated[int, Field(nullable=False)]
    list_price: Annotated[int, big_int(nullable=False)]
    unit_price: Annotated[int, big_int(nullable=False)]
    discount: Annotated[int, big_int(nullable=False)]
    manual_discount: Annotated[int, big_int(nullable=False)]
    reason: Annotated[str, text(nullable=False)]
    net: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    floor: Annotated[int, big_int(nullable=False)]
    unit_cost_base: Annotated[int | None, big_int(nullable=True)]
    approvals: Annotated[tuple[QuoteApproval, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    approval_id: Annotated[UUID | None, identifier(nullable=True)]
    points_discount: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    steps: Annotated[Annotated[tuple[StepDocument, ...], DECODED], document(nullable=False)]


class QuoteLineTable(QuoteLine, Base, table=True):
    """Lines of quotes."""

    __table_args__ = (
        sa.CheckConstraint("quantity * unit_price = discount + net AND net >= 0 AND discount >= 0", name="net"),
    )


class QuotePart(FrozenRow):
    """What a promotion gives of a line, in the quote's currency, and of its budget in base currency (a gift: its cost).

    The parts of a line, its manual discount and what points take off it are its discount.
    """

    __tablename__ = "quote_part"

    quote_id: Annotated[UUID, identifier(primary_key=True)]
    revision: Annotated[int, Field(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    promotion_id: Annotated[UUID, identifier(primary_key=True)]
    code: Annotated[str, text(nullable=False)]
    promotion_version: Annotated[int, Field(nullable=False)]
    discount: Annotated[int, big_int(nullable=False)]
    discount_base: Annotated[int, big_int(nullable=False)]


class QuotePartTable(QuotePart, Base, table=True):
    """Parts of quotes."""

    __table_args__ = (sa.CheckConstraint("discount >= 0 AND discount_base >= 0", name="discount"),)


class NotAppliedDocument(FrozenRow):
    """A promotion that gave nothing: the first reason, and what a quantity or a spend is short of."""

    code: str
    reason: Reason
    missing: int | None = None


class OfferedDocument(FrozenRow):
    """A gift that may be taken by the code of its promotion."""

    code: str
    sku: str
    quantity: int


class QuoteTrace(FrozenRow):
    """Why promotions gave nothing, and which gifts are offered, in a revision."""

    __tablename__ = "quote_trace"

    quote_id: Annotated[UUID, identifier(primary_key=True)]
    revision: Annotated[int, Field(primary_key=True)]
    not_applied: Annotated[Annotated[tuple[NotAppliedDocument, ...], DECODED], document(nullable=False)]
    offered: Annotated[Annotated[tuple[OfferedDocument, ...], DECODED], document(nullable=False)]


class QuoteTraceTable(QuoteTrace, Base, table=True):
    """Traces of quotes."""


class Content(NamedTuple):
    """What a revision is made of."""

    lines: tuple[QuoteLine, ...]
    parts: tuple[QuotePart, ...]
    trace: QuoteTrace


class Whole(NamedTuple):
    """A quote with the lines and parts of its revision, by line number."""

    quote: Quote
    lines: tuple[QuoteLine, ...]
    parts: tuple[QuotePart, ...]
