"""What channels offers that orders and surveys name, as rows and as tables: projections of its events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, text
from services.customer.db import Base


class ChannelEntry(FrozenRow):
    """A channel of sales; only an active one may be named in orders."""

    __tablename__ = "channel_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    code: Annotated[str, text(nullable=False)]
    kind: Annotated[str, text(nullable=False)]
    is_direct: Annotated[bool, Field(nullable=False)]
    is_active: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class ChannelDirectory(ChannelEntry, Base, table=True):
    """Channels by id."""


class PromotionEntry(FrozenRow):
    """A promotion that has begun once; answers to surveys may be about it, also when it is over."""

    __tablename__ = "promotion_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    code: Annotated[str, text(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class PromotionDirectory(PromotionEntry, Base, table=True):
    """Promotions by id."""


class QuotedPromotion(FrozenRow):
    """What of the discount of a line is a promotion's."""

    promotion_id: UUID
    discount: int


class QuotedLine(FrozenRow):
    """A line of a quote, in its currency: price of one piece, discount of the whole line. What was heard of before its
    promotions and the price of the list were kept has none."""

    line_no: int
    sku: str
    quantity: int
    list_price: int | None = None
    unit_price: int
    discount: int
    promotions: tuple[QuotedPromotion, ...] = ()


class QuoteEntry(FrozenRow):
    """A quote that an order may be made from."""

    __tablename__ = "quote_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    channel_id: Annotated[UUID | None, identifier(nullable=True)] = None
    currency: Annotated[str, text(nullable=False)]
    payment_terms_days: Annotated[int, Field(nullable=False)]
    points: Annotated[int, big_int(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    lines: Annotated[tuple[QuotedLine, ...], DECODED, document(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class QuoteDirectory(QuoteEntry, Base, table=True):
    """Quotes by id."""
