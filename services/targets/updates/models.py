"""Which targets are to say how far they are, as rows and as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import FrozenRow, big_int, identifier, moment
from services.targets.db import Base


class TargetNews(FrozenRow):
    """A target to whose scope something was credited: when it says how far it is, when it did so last, and which value
    it told then. `id` is that of the target. No foreign key: the lock of a tree would wait for it."""

    __tablename__ = "target_news"

    id: Annotated[UUID, identifier(primary_key=True)]
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    said_at: Annotated[datetime | None, moment(nullable=True)] = None
    value: Annotated[int | None, big_int(nullable=True)] = None
    base: Annotated[int | None, big_int(nullable=True)] = None


class TargetNewsTable(TargetNews, Base, table=True):
    """News."""

    __table_args__ = (sa.Index("ix_target_news_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),)
