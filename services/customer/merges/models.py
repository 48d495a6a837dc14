"""Merges with their journal, as a row and as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, document, identifier, moment, one_of, text
from services.customer.db import Base
from services.customer.merges.enums import MergeState


class FieldMove(FrozenRow):
    """A column of both accounts before and after a merge; phone and address of persons are sealed, in hexadecimals."""

    field: str
    survivor_before: Any = None
    survivor_after: Any = None
    merged_before: Any = None
    merged_after: Any = None

    @property
    def is_change(self) -> bool:
        """Whether one of the two has another value afterwards."""
        return (self.survivor_before, self.merged_before) != (self.survivor_after, self.merged_after)


class AccountMerge(OwnedRow):
    """An account that reads as another one; nothing of it was moved but what `journal` says. `kept` are fields that an
    unmerge left as they were."""

    __tablename__ = "account_merge"

    survivor_id: Annotated[UUID, identifier(nullable=False)]
    merged_id: Annotated[UUID, identifier(nullable=False)]
    state: Annotated[MergeState, text(nullable=False)]
    reason: Annotated[str | None, text(nullable=True)] = None
    merged_by: Annotated[str, text(nullable=False)]
    merged_at: Annotated[datetime, moment(nullable=False)]
    unmerged_by: Annotated[str | None, text(nullable=True)] = None
    unmerged_at: Annotated[datetime | None, moment(nullable=True)] = None
    kept: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)] = ()
    journal: Annotated[tuple[FieldMove, ...], DECODED, document(nullable=False)]


class AccountMergeTable(AccountMerge, Base, table=True):
    """Merges of accounts."""

    __table_args__ = (
        one_of("state", MergeState),
        sa.CheckConstraint("survivor_id <> merged_id", name="of_two"),
        sa.Index("uq_account_merge_standing", "merged_id", unique=True, postgresql_where=sa.text("state = 'merged'")),
        sa.Index("ix_account_merge_survivor_id_created_at_id", "survivor_id", "created_at", "id"),
        sa.Index("ix_account_merge_merged_id_created_at_id", "merged_id", "created_at", "id"),
        sa.Index("ix_account_merge_created_at_id", "created_at", "id"),
    )
