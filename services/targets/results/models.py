"""What payments allocate to orders, and orders that will take none, as rows and as tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, one_of, text
from services.targets.db import Base
from services.targets.results.enums import CashKind


class OrderCash(FrozenRow):
    """What an event of a payment paid of an order, tax included; below 0 where money went back or never came.

    `day` is that of the receipt, of the refund or of the void; `ordinal` counts the allocations of the event.
    """

    __tablename__ = "order_cash"

    event_id: Annotated[UUID, identifier(primary_key=True)]
    ordinal: Annotated[int, Field(primary_key=True)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    payment_id: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[CashKind, text(nullable=False)]
    day: Annotated[date, Field(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class OrderCashTable(OrderCash, Base, table=True):
    """Cash of orders."""

    __table_args__ = (one_of("kind", CashKind), sa.Index("ix_order_cash_order_id", "order_id"))


class FreedOrder(FrozenRow):
    """An order that was cancelled: what was kept for it is nobody's."""

    __tablename__ = "freed_order"

    order_id: Annotated[UUID, identifier(primary_key=True)]


class FreedOrderTable(FreedOrder, Base, table=True):
    """Orders that take no cash."""
