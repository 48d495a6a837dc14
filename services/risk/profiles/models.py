"""Credit profiles as rows and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from services.risk.db import Base
from services.risk.policies.enums import CreditGrade
from services.risk.profiles.enums import CreditSecurityKind, HoldReason, SubjectKind


class CreditSecurity(FrozenRow):
    """What an amount owed is secured by, through `valid_until` (None: without end)."""

    kind: CreditSecurityKind
    amount: int
    valid_until: date | None = None
    reference: str = ""


class CreditProfile(OwnedRow):
    """The credit limit of an account or a partner, its grade, and the terms that it has by them; the id is that of the
    subject. It is on hold while any hold stands, and says which. A partner without a limit is followed, not bound.

    `grade` is `set_grade`, while people have set one (through `set_until`, ended at `due_at`), else `scored_grade`.
    `terms_days`, and the share of an order (millionths) that has to lie on account when it is placed, are what people
    set, else what the grade means; `pd` and `lgd` (millionths) are the grade's. A better grade is proposed until
    somebody else approves it. `dropped_from` is the grade before a drop that has not been made good. While a raise of
    the limit lasts (through `raised_until`), `limit_before` is what it goes back to.
    """

    __tablename__ = "credit_profile"

    stream_key: Annotated[UUID, identifier(nullable=False)]
    subject_kind: Annotated[SubjectKind, text(nullable=False, sa_column_kwargs={"server_default": "account"})] = (
        SubjectKind.ACCOUNT
    )
    credit_limit: Annotated[int | None, big_int(nullable=True)] = None
    limit_before: Annotated[int | None, big_int(nullable=True)] = None
    raised_until: Annotated[date | None, Field(nullable=True)] = None
    securities: Annotated[
        tuple[CreditSecurity, ...], DECODED, document(nullable=False, sa_column_kwargs={"server_default": "[]"})
    ] = ()
    review_on: Annotated[date | None, Field(nullable=True)] = None
    deposit_share: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "0"})] = 0
    terms_days: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "30"})] = 30
    set_deposit_share: Annotated[int | None, Field(nullable=True)] = None
    set_terms_days: Annotated[int | None, Field(nullable=True)] = None
    grade: Annotated[CreditGrade, text(nullable=False, sa_column_kwargs={"server_default": "NR"})] = CreditGrade.NR
    score: Annotated[int | None, Field(nullable=True)] = None
    scored_on: Annotated[date | None, Field(nullable=True)] = None
    scored_grade: Annotated[CreditGrade, text(nullable=False, sa_column_kwargs={"server_default": "NR"})] = (
        CreditGrade.NR
    )
    pd: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "50000"})] = 50_000
    lgd: Annotated[int, Field(nullable=False, sa_column_kwargs={"server_default": "450000"})] = 450_000
    set_grade: Annotated[CreditGrade | None, text(nullable=True)] = None
    set_until: Annotated[date | None, Field(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    proposed_grade: Annotated[CreditGrade | None, text(nullable=True)] = None
    proposed_until: Annotated[date | None, Field(nullable=True)] = None
    proposed_by: Annotated[str | None, text(nullable=True)] = None
    dropped_from: Annotated[CreditGrade | None, text(nullable=True)] = None
    is_on_hold: Annotated[bool, Field(nullable=False)] = False
    hold_reasons: Annotated[
        tuple[HoldReason, ...],
        Field(sa_type=sa.ARRAY(sa.Text), nullable=False, sa_column_kwargs={"server_default": "{}"}),
    ] = ()


class CreditProfileTable(CreditProfile, Base, table=True):
    """Credit profiles."""

    __table_args__ = (
        one_of("subject_kind", SubjectKind),
        sa.CheckConstraint("subject_kind = 'partner' OR credit_limit IS NOT NULL", name="bound"),
        sa.CheckConstraint("credit_limit BETWEEN 0 AND 10000000000000", name="credit_limit"),
        sa.CheckConstraint(
            "(limit_before IS NULL) = (raised_until IS NULL) AND limit_before < credit_limit", name="raised"
        ),
        sa.CheckConstraint("deposit_share BETWEEN 0 AND 1000000", name="deposit_share"),
        sa.CheckConstraint("is_on_hold = (hold_reasons <> '{}')", name="is_on_hold"),
        one_of("grade", CreditGrade),
        one_of("scored_grade", CreditGrade),
        one_of("set_grade", CreditGrade),
        one_of("proposed_grade", CreditGrade),
        one_of("dropped_from", CreditGrade),
        sa.CheckConstraint(
            "(set_grade IS NULL) = (set_until IS NULL) AND (set_grade IS NULL) = (due_at IS NULL)", name="set"
        ),
        sa.CheckConstraint(
            "(proposed_grade IS NULL) = (proposed_until IS NULL) AND (proposed_grade IS NULL) = (proposed_by IS NULL)",
            name="proposed",
        ),
        sa.Index("ix_credit_profile_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index(
            "ix_credit_profile_to_hold",
            "id",
            postgresql_where=sa.text("grade = 'D' OR dropped_from IS NOT NULL"),
        ),
        sa.Index("ix_credit_profile_created_at_id", "created_at", "id"),
        sa.Index("ix_credit_profile_credit_limit_id", "credit_limit", "id"),
    )


class LimitRaise(FrozenRow):
    """When a raise of a limit is to be ended, unless something else has ended it."""

    __tablename__ = "limit_raise"

    id: Annotated[UUID, identifier(primary_key=True)]
    profile_id: Annotated[UUID, identifier(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]


class LimitRaiseTable(LimitRaise, Base, table=True):
    """Raises that end."""

    __table_args__ = (
        sa.ForeignKeyConstraint(["profile_id"], ["credit_profile.id"]),
        sa.Index("ix_limit_raise_due_at", "due_at"),
    )


class Terms(NamedTuple):
    """What placements are decided under (limit None: an account has no profile, a partner is not bound; `terms_days`
    None: any)."""

    credit_limit: int | None
    deposit_share: int
    terms_days: int | None


class Holds(NamedTuple):
    """Which holds of an account stand, as of a version of its profile."""

    id: UUID
    version: int
    hold_reasons: Sequence[str]
