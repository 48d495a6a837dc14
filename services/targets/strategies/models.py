"""Strategies of targets as rows and as a table."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import OwnedRow, identifier, identifiers, text
from services.targets.db import Base


class Strategy(OwnedRow):
    """How a target is to be reached; `observation_ids` are what that rests on: forces of the market and other facts."""

    __tablename__ = "target_strategy"

    target_id: Annotated[UUID, identifier(nullable=False, foreign_key="target.id")]
    product: Annotated[str | None, text(nullable=True)] = None
    price: Annotated[str | None, text(nullable=True)] = None
    channel: Annotated[str | None, text(nullable=True)] = None
    promotion: Annotated[str | None, text(nullable=True)] = None
    positioning: Annotated[str | None, text(nullable=True)] = None
    observation_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)] = ()
    author: Annotated[str, text(nullable=False)]


class StrategyTable(Strategy, Base, table=True):
    """Strategies."""

    __table_args__ = (sa.UniqueConstraint("target_id"),)
