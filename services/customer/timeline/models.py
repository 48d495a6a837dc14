"""Steps of orders: what they came to, and when. The database writes them, whichever release moves an order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, text
from services.customer.db import Base
from services.customer.timeline.enums import TimelineKind


class OrderStep(FrozenRow):
    """An order came to a state, by its placement of that number; its id follows from these."""

    __tablename__ = "order_step"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    state: Annotated[str, text(nullable=False)]
    placement: Annotated[int, Field(nullable=False)]
    order_date: Annotated[date, Field(nullable=False)]
    at: Annotated[datetime, moment(nullable=False)]


class OrderStepTable(OrderStep, Base, table=True):
    """Steps of orders."""

    __table_args__ = (sa.Index(None, "account_id", "at", "id"),)


class Entry(NamedTuple):
    """Something that happened with an account: recorded `at`, of a business day; `place` is that of its kind."""

    kind: TimelineKind
    place: int
    at: datetime
    id: UUID
    business_date: date
    subject_id: UUID
    filed_account_id: UUID
    data: dict[str, Any]


class After(NamedTuple):
    """Where a page ended."""

    at: datetime
    place: int
    id: UUID
