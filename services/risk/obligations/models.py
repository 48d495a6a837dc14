"""Obligations as rows and as tables. Amounts: minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, moment, one_of, text
from kit.db.text_keys import TextKeyed, TextKeys, key_indexes
from services.risk.db import Base
from services.risk.obligations.enums import BookStage, FulfilmentKind, ObligationKind, ObligationState, Side


class ObligationBook(FrozenRow):
    """The obligations of one contract, whose id it has: its row is their lock, `due_at` when they are to be judged."""

    __tablename__ = "obligation_book"

    id: Annotated[UUID, identifier(primary_key=True)]
    stream_key: Annotated[UUID, identifier(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)] = None
    partner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    stage: Annotated[BookStage, text(nullable=False)]
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class ObligationBookTable(ObligationBook, Base, table=True):
    """Books of obligations."""

    __table_args__ = (
        one_of("stage", BookStage),
        sa.Index("ix_obligation_book_due_at", "due_at", postgresql_where="stage = 'running' AND due_at IS NOT NULL"),
    )


class ObligationColumns(OwnedRow):
    """What the table of obligations has.

    `falls_on` is the day agreed, `due_on` the working day it moves to; `occurrence` counts how often it became open,
    `is_warned` says whether it was said to be due since. A recurring one has its
    further days in rows of its `series_id`. What is due after its contract ended has the last day of that as
    `ended_on`: facts of days until then meet it, else it is waived.
    """

    __tablename__ = "obligation"
    __text_keys__: ClassVar = TextKeys(name="title")

    contract_id: Annotated[UUID, identifier(nullable=False)]
    series_id: Annotated[UUID, identifier(nullable=False)]
    ordinal: Annotated[int, Field(nullable=False)] = 1
    kind: Annotated[ObligationKind, text(nullable=False)]
    side: Annotated[Side, text(nullable=False)]
    title: Annotated[str, text(nullable=False)]
    falls_on: Annotated[date, Field(nullable=False)]
    due_on: Annotated[date, Field(nullable=False)]
    amount: Annotated[int | None, big_int(nullable=True)] = None
    lead_days: Annotated[int, Field(nullable=False)]
    every_months: Annotated[int | None, Field(nullable=True)] = None
    until: Annotated[date | None, Field(nullable=True)] = None
    author: Annotated[str, text(nullable=False)]
    state: Annotated[ObligationState, text(nullable=False)]
    occurrence: Annotated[int, Field(nullable=False)] = 1
    is_warned: Annotated[bool, Field(nullable=False)] = False
    late_on: Annotated[date | None, Field(nullable=True)] = None
    met_on: Annotated[date | None, Field(nullable=True)] = None
    days_late: Annotated[int | None, Field(nullable=True)] = None
    evidence: Annotated[str, text(nullable=False)] = ""
    waived_by: Annotated[str | None, text(nullable=True)] = None
    waive_reason: Annotated[str, text(nullable=False)] = ""
    ended_on: Annotated[date | None, Field(nullable=True)] = None


class ObligationTable(ObligationColumns, TextKeyed, Base, table=True):
    """Obligations."""

    __table_args__ = (
        *key_indexes("obligation", ObligationColumns.__text_keys__),
        one_of("kind", ObligationKind),
        one_of("side", Side),
        one_of("state", ObligationState),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name="amount"),
        sa.CheckConstraint("(every_months IS NULL) = (until IS NULL)", name="recurrence"),
        sa.CheckConstraint("(state = 'met') = (met_on IS NOT NULL AND days_late IS NOT NULL)", name="met_on"),
        sa.CheckConstraint("(state = 'waived') = (waived_by IS NOT NULL)", name="waived_by"),
        sa.ForeignKeyConstraint(["contract_id"], ["obligation_book.id"]),
        sa.UniqueConstraint("series_id", "ordinal"),
        sa.Index("ix_obligation_contract_id_due_on_id", "contract_id", "due_on", "id"),
        sa.Index("ix_obligation_due_on_id", "due_on", "id"),
    )


class Obligation(ObligationColumns):
    """An obligation with the other party of its contract, and whoever owns that."""

    stream_key: UUID
    account_id: UUID | None = None
    partner_id: UUID | None = None
    owner_id: UUID | None = None


class FulfilmentMove(FrozenRow):
    """What of an order counts for its contract, on its business day (fulfilled: when the event says that it was)."""

    __tablename__ = "fulfilment_move"

    source_event_id: Annotated[UUID, identifier(primary_key=True)]
    kind: Annotated[FulfilmentKind, text(primary_key=True)]
    contract_id: Annotated[UUID, identifier(nullable=False)]
    order_id: Annotated[UUID, identifier(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    day: Annotated[date | None, Field(nullable=True)] = None
    at: Annotated[datetime | None, moment(nullable=True)] = None


class FulfilmentMoveTable(FulfilmentMove, Base, table=True):
    """Moves of orders that name a contract."""

    __table_args__ = (
        one_of("kind", FulfilmentKind),
        sa.CheckConstraint("(day IS NULL) = (kind = 'fulfilled') AND (at IS NULL) <> (day IS NULL)", name="day"),
        sa.Index("ix_fulfilment_move_contract_id", "contract_id"),
        sa.Index("ix_fulfilment_move_order_id", "order_id"),
    )
