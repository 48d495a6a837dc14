"""What was sold, to whom, and at which rates: projections that figures, prices and terms are read from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, moment, text
from services.channels.db import Base


class Sale(FrozenRow):
    """An order that counts, filed under the account that it names; readers resolve redirects."""

    __tablename__ = "sale"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    channel_id: Annotated[UUID | None, identifier(nullable=True)]
    deal_id: Annotated[UUID | None, identifier(nullable=True)]
    quote_id: Annotated[UUID | None, identifier(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    order_date: Annotated[date, Field(nullable=False)]
    state: Annotated[str | None, text(nullable=True)]
    version: Annotated[int, Field(nullable=False)]
    confirmed_event_id: Annotated[UUID | None, identifier(nullable=True)]
    confirmed_at: Annotated[datetime | None, moment(nullable=True)]


class SaleTable(Sale, Base, table=True):
    """Sales."""

    __table_args__ = (
        sa.Index("ix_sale_account_id_order_date", "account_id", "order_date"),
        sa.Index("ix_sale_partner_id_order_date", "partner_id", "order_date"),
        sa.Index("ix_sale_channel_id_order_date", "channel_id", "order_date"),
        sa.Index("ix_sale_region_order_date", "region", "order_date"),
    )


class SaleLine(FrozenRow):
    """A line: pieces and net in base currency as ordered, and what of it came back so far.

    Its net on the original order date is `net_base - returned_net_base`, in every figure.
    """

    __tablename__ = "sale_line"

    order_id: Annotated[UUID, identifier(primary_key=True)]
    line_no: Annotated[int, Field(primary_key=True)]
    sku: Annotated[str | None, text(nullable=True)]
    product_line: Annotated[str | None, text(nullable=True)]
    quantity: Annotated[int | None, big_int(nullable=True)]
    returned: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    returned_net_base: Annotated[int, big_int(nullable=False)]
    unit_cost_base: Annotated[int | None, big_int(nullable=True)]


class SaleLineTable(SaleLine, Base, table=True):
    """Lines of sales."""

    __table_args__ = (sa.Index("ix_sale_line_sku", "sku"),)


class Returned(FrozenRow):
    """What came back of a line in all so far."""

    order_id: UUID
    line_no: int
    returned: int
    returned_net_base: int


class AccountFact(FrozenRow):
    """An account as far as prices, terms and figures know it; `name_key` of organisations only."""

    __tablename__ = "account_fact"

    id: Annotated[UUID, identifier(primary_key=True)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    name_key: Annotated[str | None, text(nullable=True)]
    region: Annotated[str | None, text(nullable=True)]
    country: Annotated[str | None, text(nullable=True)]
    customer_type: Annotated[str | None, text(nullable=True)]
    is_archived: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class AccountFactTable(AccountFact, Base, table=True):
    """Accounts."""

    __table_args__ = (sa.Index("ix_account_fact_region", "region"), sa.Index("ix_account_fact_name_key", "name_key"))


class ExchangeRate(FrozenRow):
    """Base units per unit of `currency` from a day on, as decimal text."""

    __tablename__ = "exchange_rate"

    currency: Annotated[str, text(primary_key=True)]
    valid_from: Annotated[date, Field(primary_key=True)]
    rate: Annotated[str, text(nullable=False)]


class ExchangeRateTable(ExchangeRate, Base, table=True):
    """Exchange rates."""
