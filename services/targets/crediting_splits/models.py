"""Splits that resolved conflicts say of the orders of accounts, as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, document, identifier, moment
from services.targets.db import Base


class CreditingSplit(FrozenRow):
    """What a resolved conflict says of orders of an account that are dated in its validity (`valid_to` None: open)."""

    __tablename__ = "crediting_split"

    conflict_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    resolved_at: Annotated[datetime, moment(nullable=False)]
    valid_from: date
    valid_to: Annotated[date | None, Field(nullable=True)]
    member_shares: Annotated[dict[str, int], DECODED, document(nullable=False)]

    @property
    def reason(self) -> str:
        """How credit facts name it."""
        return str(self.conflict_id)

    @property
    def shares(self) -> dict[UUID, int]:
        """Member -> millionths of an order."""
        return {UUID(member): share for member, share in self.member_shares.items()}

    def holds_on(self, day: date) -> bool:
        """Both ends count; an open end never comes."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class CreditingSplitTable(CreditingSplit, Base, table=True):
    """Splits."""

    __table_args__ = (sa.Index("ix_crediting_split_account_id", "account_id"),)
