"""Grading runs and what they say of each account, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.customer.accounts.enums import TenureClass
from services.customer.db import Base
from services.customer.grading.enums import DryReason, Strategy
from services.customer.policies.enums import Grade


class Cut(FrozenRow):
    """The least value of each grade; None: nobody has it."""

    a: int | None
    b: int | None
    c: int | None

    @property
    def by_grade(self) -> dict[Grade, int]:
        """What the rules work on."""
        found = {Grade.A: self.a, Grade.B: self.b, Grade.C: self.c}
        return {grade: least for grade, least in found.items() if least is not None}


class GradingRun(OwnedRow):
    """A grading as of the end of a day; its job has its id.

    Until it has run, `sample_size` (accounts graded) is None, and so is what follows: `changed_accounts` is how many
    have another grade than they had, `dry_reason` why it changed nothing (None: it counts), `before_id` the run whose
    grades were held on to.
    """

    __tablename__ = "grading_run"

    as_of: Annotated[date, Field(nullable=False)]
    dry_run: Annotated[bool, Field(nullable=False)]
    sample_size: Annotated[int | None, Field(nullable=True)] = None
    changed_accounts: Annotated[int | None, Field(nullable=True)] = None
    dry_reason: Annotated[DryReason | None, text(nullable=True)] = None
    policy_version: Annotated[int | None, Field(nullable=True)] = None
    before_id: Annotated[UUID | None, identifier(nullable=True)] = None
    revenue_cut: Annotated[Cut | None, DECODED, document(nullable=True)] = None
    profit_cut: Annotated[Cut | None, DECODED, document(nullable=True)] = None
    created_by: Annotated[str, text(nullable=False)]


COUNTED = "sample_size IS NOT NULL AND dry_reason IS NULL"
"""Condition of the runs that gave accounts their grades."""


class GradingRunTable(GradingRun, Base, table=True):
    """Runs."""

    __table_args__ = (
        one_of("dry_reason", DryReason),
        sa.CheckConstraint("sample_size >= 0 AND changed_accounts >= 0", name="counts"),
        sa.Index("ix_grading_run_created_at_id", "created_at", "id"),
        sa.Index("ix_grading_run_as_of_id", "as_of", "id"),
        sa.Index("uq_grading_run_counted", "as_of", unique=True, postgresql_where=sa.text(COUNTED)),
    )


class GradeResult(FrozenRow):
    """What a run says of an account. `*_base` are its sums of the period, `*_raw` the grades they have by themselves,
    `former` is the grade that the account had until then; profit is None where too few costs are known."""

    __tablename__ = "grade_result"

    run_id: Annotated[UUID, identifier(primary_key=True, foreign_key="grading_run.id")]
    account_id: Annotated[UUID, identifier(primary_key=True, foreign_key="account.id")]
    first_order_date: Annotated[date, Field(nullable=False)]
    revenue_base: Annotated[int, big_int(nullable=False)]
    profit_base: Annotated[int | None, big_int(nullable=True)] = None
    revenue_raw: Annotated[Grade, text(nullable=False)]
    profit_raw: Annotated[Grade | None, text(nullable=True)] = None
    revenue_grade: Annotated[Grade, text(nullable=False)]
    profit_grade: Annotated[Grade | None, text(nullable=True)] = None
    grade: Annotated[Grade, text(nullable=False)]
    former: Annotated[Grade | None, text(nullable=True)] = None
    tenure_class: Annotated[TenureClass, text(nullable=False)]
    strategy: Annotated[Strategy, text(nullable=False)]


_GRADED = ("revenue_raw", "profit_raw", "revenue_grade", "profit_grade", "grade", "former")


class GradeResultTable(GradeResult, Base, table=True):
    """Results."""

    __table_args__ = (
        *(one_of(name, Grade) for name in _GRADED),
        one_of("tenure_class", TenureClass),
        one_of("strategy", Strategy),
        sa.Index("ix_grade_result_run_id_grade_account_id", "run_id", "grade", "account_id"),
        sa.Index("ix_grade_result_account_id_run_id", "account_id", "run_id"),
    )


class GradeEntry(FrozenRow):
    """A run that counts gave an account another grade than it had; the database writes it, whichever release grades."""

    __tablename__ = "account_grade"

    id: Annotated[UUID, identifier(primary_key=True)]
    account_id: Annotated[UUID, identifier(nullable=False)]
    run_id: Annotated[UUID, identifier(nullable=False)]
    former: Annotated[Grade | None, text(nullable=True)] = None
    grade: Annotated[Grade, text(nullable=False)]
    as_of: Annotated[date, Field(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class GradeEntryTable(GradeEntry, Base, table=True):
    """Grades that accounts were given."""

    __table_args__ = (
        one_of("former", Grade),
        one_of("grade", Grade),
        sa.Index(None, "account_id", "recorded_at", "id"),
    )
