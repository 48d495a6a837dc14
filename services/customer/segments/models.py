"""Segments and their members as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.customer.db import Base
from services.customer.segments.enums import SegmentResource


class Segment(OwnedRow):
    """Accounts or contacts that a filter chooses, a query string of their list, or those of `ids`. `size` is how many
    members it had when it was refreshed; `due_at` is when it is next."""

    __tablename__ = "segment"
    __text_keys__: ClassVar = TextKeys(name="name")

    name: Annotated[str, text(nullable=False)]
    resource: Annotated[SegmentResource, text(nullable=False)]
    filter: Annotated[str | None, text(nullable=True)] = None
    ids: Annotated[tuple[UUID, ...], Field(sa_type=sa.ARRAY(sa.Uuid), nullable=False)] = ()
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    size: Annotated[int, Field(nullable=False)] = 0
    refreshed_at: Annotated[datetime, moment(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]


class SegmentTable(Segment, TextKeyed, Base, table=True):
    """Segments."""

    __table_args__ = (
        one_of("resource", SegmentResource),
        sa.CheckConstraint("(filter IS NULL) = (cardinality(ids) > 0)", name="kind"),
        *key_indexes("segment", Segment.__text_keys__),
        sa.Index("ix_segment_created_at_id", "created_at", "id"),
        sa.Index("ix_segment_due_at", "due_at"),
    )


class SegmentMember(FrozenRow):
    """An account or a contact is in a segment, and since when. Nothing is asked of the database for each row: a refresh
    writes many, and segments stay."""

    __tablename__ = "segment_member"

    segment_id: Annotated[UUID, identifier(primary_key=True)]
    member_id: Annotated[UUID, identifier(primary_key=True)]
    joined_at: Annotated[datetime, moment(nullable=False)]


class SegmentMemberTable(SegmentMember, Base, table=True):
    """Members of segments."""

    __table_args__ = (sa.Index("ix_segment_member_member_id", "member_id"),)
