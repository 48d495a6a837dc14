"""Coupons as rows and as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, text
from services.channels.db import Base


class Coupon(FrozenRow):
    """A code that a promotion asks for, as a keyed hash (`digest`, hexadecimal) and its last letters.

    One that many use keeps its `code`. A unique one is the `number` of its batch; `order_id` is the one order that has
    it, until that is cancelled or what it reserved is freed.
    """

    __tablename__ = "coupon"

    id: Annotated[UUID, identifier(primary_key=True)]
    promotion_id: Annotated[UUID, identifier(nullable=False)]
    batch_id: Annotated[UUID, identifier(nullable=False)]
    number: Annotated[int, Field(nullable=False)]
    digest: Annotated[str, text(nullable=False)]
    last_four: Annotated[str, text(nullable=False)]
    code: Annotated[str | None, text(nullable=True)] = None
    order_id: Annotated[UUID | None, identifier(nullable=True)] = None
    created_at: Annotated[datetime, moment(nullable=False)]


class CouponTable(Coupon, Base, table=True):
    """Coupons."""

    __table_args__ = (
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("batch_id", "number"),
        sa.CheckConstraint("code IS NULL OR order_id IS NULL", name="order_id"),
        sa.Index("ix_coupon_promotion_id_created_at_id", "promotion_id", "created_at", "id"),
        sa.Index("ix_coupon_order_id", "order_id", postgresql_where="order_id IS NOT NULL"),
    )
