"""Rows and table of the money that waits for orders."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, big_int, identifier, text
from services.risk.db import Base


class WaitingDeposit(FrozenRow):
    """A payment that named an order which was not confirmed, as customer's events have it: `amount` is what is on
    account after its event `version`. It waits until it pays that order, or the order is confirmed without it."""

    __tablename__ = "waiting_deposit"

    payment_id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    version: Annotated[int, Field(nullable=False)]
    is_waiting: Annotated[bool, Field(nullable=False)]

    def after(self, other: WaitingDeposit | None) -> WaitingDeposit:
        """This row of one event, and that of others, whichever came first: the later event says what is left, and what
        has ended waiting never does again."""
        if other is None:
            return self
        latest: WaitingDeposit = self if self.version > other.version else other
        return latest.model_copy(update={"is_waiting": self.is_waiting and other.is_waiting})


class WaitingDepositTable(WaitingDeposit, Base, table=True):
    """Payments that named an order; written by their projection alone."""

    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount"),
        sa.Index("ix_waiting_deposit_account_id", "account_id", postgresql_where=sa.text("is_waiting AND amount > 0")),
    )
