"""Returns of orders as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, text
from services.customer.db import Base, OfAccount
from services.customer.returns.rules import ReturnedLine


class OrderReturn(FrozenRow):
    """A return as it was announced; amounts are negative, but for `settled_base`, what it settles of the order (None:
    the whole of its gross amount in base currency, as releases before booked it)."""

    __tablename__ = "order_return"

    id: Annotated[UUID, identifier(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False, foreign_key="orders.id")]
    return_date: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    base_currency: Annotated[str, text(nullable=False)]
    net: Annotated[int, big_int(nullable=False)]
    tax: Annotated[int, big_int(nullable=False)]
    gross: Annotated[int, big_int(nullable=False)]
    net_base: Annotated[int, big_int(nullable=False)]
    tax_base: Annotated[int, big_int(nullable=False)]
    gross_base: Annotated[int, big_int(nullable=False)]
    settled_base: Annotated[int | None, big_int(nullable=True)] = None
    lines: Annotated[tuple[ReturnedLine, ...], DECODED, document(nullable=False)]
    external_source: Annotated[str | None, text(nullable=True)] = None
    external_id: Annotated[str | None, text(nullable=True)] = None
    content_hash: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class OrderReturnTable(OrderReturn, OfAccount, Base, table=True):
    """Returns."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint("net <= 0 AND tax <= 0 AND gross = net + tax", name="amounts"),
        sa.CheckConstraint("gross_base = net_base + tax_base", name="base_amounts"),
        sa.CheckConstraint("settled_base >= 0", name="settled"),
        sa.Index("ix_order_return_order_id_id", "order_id", "id"),
        sa.Index(None, "account_id", "created_at", "id"),
    )
