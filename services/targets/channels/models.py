"""Channels of sales: a projection of their events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier
from services.targets.db import Base


class ChannelEntry(FrozenRow):
    """A channel that results may be asked of."""

    __tablename__ = "channel_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    version: Annotated[int, Field(nullable=False)]


class ChannelDirectory(ChannelEntry, Base, table=True):
    """Channels by id."""
