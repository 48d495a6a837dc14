"""Statements of rebates and their lines, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, OwnedRow, big_int, identifier, moment, one_of, text
from kit.db.text_keys import TextKeys
from services.channels.db import Base
from services.channels.statements.enums import RebateLineKind, RebateStatementState


class RebateStatement(OwnedRow):
    """What a partner has earned up to a posting date and stood in no statement before, in minor units of the base
    currency: carry + accruals + adjustments = total = payable + carried.

    `carried_to` is the statement whose carry has what this one did not pay.
    """

    __tablename__ = "rebate_statement"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    partner_id: Annotated[UUID, identifier(nullable=False)]
    state: Annotated[RebateStatementState, text(nullable=False)]
    posting_date: Annotated[date, Field(nullable=False)]
    currency: Annotated[str, text(nullable=False)]
    min_payout: Annotated[int, big_int(nullable=False)]
    entries: Annotated[int, big_int(nullable=False)]
    carry: Annotated[int, big_int(nullable=False)]
    accruals: Annotated[int, big_int(nullable=False)]
    adjustments: Annotated[int, big_int(nullable=False)]
    total: Annotated[int, big_int(nullable=False)]
    payable: Annotated[int, big_int(nullable=False)]
    carried: Annotated[int, big_int(nullable=False)]
    carried_to: Annotated[UUID | None, identifier(nullable=True)] = None
    calculated_by: Annotated[str, text(nullable=False)]
    calculated_at: Annotated[datetime, moment(nullable=False)]
    approved_by: Annotated[str | None, text(nullable=True)] = None
    paid_on: Annotated[date | None, Field(nullable=True)] = None
    reason: Annotated[str, text(nullable=False)] = ""


class RebateStatementTable(RebateStatement, Base, table=True):
    """Statements; a partner has one that is not decided at most."""

    __table_args__ = (
        one_of("state", RebateStatementState),
        sa.CheckConstraint("total = carry + accruals + adjustments AND total = payable + carried", name="total"),
        sa.CheckConstraint("min_payout >= 0 AND payable >= 0", name="payable"),
        sa.CheckConstraint("(state IN ('approved', 'paid')) = (approved_by IS NOT NULL)", name="approved_by"),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on"),
        sa.UniqueConstraint("number"),
        sa.Index(
            "uq_rebate_statement_open",
            "partner_id",
            unique=True,
            postgresql_where=sa.text("state IN ('calculated', 'disputed')"),
        ),
        sa.Index("ix_rebate_statement_posting_date_id", "posting_date", "id"),
        sa.Index("ix_rebate_statement_partner_id_posting_date_id", "partner_id", "posting_date", "id"),
        sa.Index("ix_rebate_statement_carried_to", "carried_to"),
    )


class RebateStatementLine(FrozenRow):
    """An accrual or an adjustment that stands in a statement; `is_live` until the statement is cancelled. Each stands
    in one that lives at most."""

    __tablename__ = "rebate_statement_line"

    statement_id: Annotated[UUID, identifier(primary_key=True)]
    source_id: Annotated[UUID, identifier(primary_key=True)]
    kind: Annotated[RebateLineKind, text(nullable=False)]
    posting_date: Annotated[date, Field(nullable=False)]
    order_id: Annotated[UUID | None, identifier(nullable=True)]
    programme_id: Annotated[UUID | None, identifier(nullable=True)]
    amount: Annotated[int, big_int(nullable=False)]
    is_live: Annotated[bool, Field(nullable=False)]


class RebateStatementLineTable(RebateStatementLine, Base, table=True):
    """Lines of statements."""

    __table_args__ = (
        one_of("kind", RebateLineKind),
        sa.Index("uq_rebate_statement_line_live", "source_id", unique=True, postgresql_where=sa.text("is_live")),
        sa.Index(
            "ix_rebate_statement_line_statement_id_posting_date_source_id", "statement_id", "posting_date", "source_id"
        ),
    )
