"""Returns of orders as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, big_int, document, identifier, moment, text
from services.customer.db import Base
from services.customer.returns.rules import ReturnedLine


class OrderReturn(FrozenRow):
    """A return as it was announced; amounts are negative."""

    __tablename__ = "order_return"

    id: UUID = identifier(primary_key=True)
    order_id: UUID = identifier(nullable=False, foreign_key="orders.id")
    return_date: date = Field(nullable=False)
    currency: str = text(nullable=False)
    base_currency: str = text(nullable=False)
    net: int = big_int(nullable=False)
    tax: int = big_int(nullable=False)
    gross: int = big_int(nullable=False)
    net_base: int = big_int(nullable=False)
    tax_base: int = big_int(nullable=False)
    gross_base: int = big_int(nullable=False)
    lines: Annotated[tuple[ReturnedLine, ...], DECODED] = document(nullable=False)
    external_source: str | None = text(default=None, nullable=True)
    external_id: str | None = text(default=None, nullable=True)
    content_hash: str = text(nullable=False)
    created_at: datetime = moment(nullable=False)


class OrderReturnTable(OrderReturn, Base, table=True):
    """Returns."""

    __table_args__ = (
        sa.UniqueConstraint("external_source", "external_id"),
        sa.CheckConstraint("net <= 0 AND tax <= 0 AND gross = net + tax", name="amounts"),
        sa.CheckConstraint("gross_base = net_base + tax_base", name="base_amounts"),
        sa.Index("ix_order_return_order_id_id", "order_id", "id"),
    )
