"""Channels as rows and as a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, one_of, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.channels.channels.enums import ChannelKind, ChannelState
from services.channels.db import Base


class Channel(OwnedRow):
    """A way in which things are sold; `is_direct`: the company sells itself. A pilot has its days and goals."""

    __tablename__ = "channel"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[ChannelKind, text(nullable=False)]
    is_direct: Annotated[bool, Field(nullable=False)]
    regions: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    parent_id: Annotated[UUID | None, identifier(nullable=True)] = None
    pilot_from: Annotated[date | None, Field(nullable=True)] = None
    pilot_to: Annotated[date | None, Field(nullable=True)] = None
    pilot_goals: Annotated[str | None, text(nullable=True)] = None
    state: Annotated[ChannelState, text(nullable=False)]


class ChannelTable(Channel, TextKeyed, CodeKeyed, Base, table=True):
    """Channels."""

    __table_args__ = (
        one_of("kind", ChannelKind),
        one_of("state", ChannelState),
        sa.CheckConstraint("parent_id <> id", name="parent"),
        sa.CheckConstraint("(pilot_from IS NULL) = (pilot_to IS NULL) AND pilot_from <= pilot_to", name="pilot"),
        *key_indexes("channel", Channel.__text_keys__),
        *code_indexes("channel", "code"),
        sa.Index("ix_channel_parent_id", "parent_id"),
    )
