"""Costs of channels as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, big_int, identifier, one_of, text
from services.channels.channel_costs.enums import ChannelCostKind
from services.channels.db import Base


class ChannelCost(OwnedRow):
    """What a channel cost in a month (its first day) for one kind of thing, in minor units of the base currency."""

    __tablename__ = "channel_cost"

    channel_id: Annotated[UUID, identifier(nullable=False)]
    month: Annotated[date, Field(nullable=False)]
    kind: Annotated[ChannelCostKind, text(nullable=False)]
    amount_base: Annotated[int, big_int(nullable=False)]


class ChannelCostTable(ChannelCost, Base, table=True):
    """Costs of channels."""

    __table_args__ = (
        one_of("kind", ChannelCostKind),
        sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
        sa.CheckConstraint("amount_base >= 0", name="amount_base"),
        sa.UniqueConstraint("channel_id", "month", "kind"),
        sa.Index("ix_channel_cost_month_id", "month", "id"),
    )
