"""Cases as rows and as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, moment, one_of, text
from kit.db.text_keys import TextKeys
from services.customer.cases.enums import CaseKind, CaseState, Extent
from services.customer.db import Base, OfOwner
from services.customer.policies.enums import Grade
from services.customer.slas.enums import Severity


class Remedy(FrozenRow):
    """What the company gave to make good; cost in minor units of the base currency."""

    kind: str
    cost_base: Annotated[int, big_int()]


class Case(OwnedRow):
    """A case; without an account its own id is its stream key.

    `grade` is the account's at receipt and `sla_version` the version of the policy then: both count until the end.
    `approved_sha256` is the hash of the answer that the second owner approved. `due_at` is when its clocks next have
    something to do by themselves.
    """

    __tablename__ = "service_case"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False, unique=True)]
    kind: Annotated[CaseKind, text(nullable=False)]
    state: Annotated[CaseState, text(nullable=False)]
    severity: Annotated[Severity, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="account.id")] = None
    contact_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="contact.id")] = None
    order_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="orders.id")] = None
    sku: Annotated[str | None, text(nullable=True)] = None
    stream_key: Annotated[UUID, identifier(nullable=False)]
    subject: Annotated[str, text(nullable=False)]
    description: Annotated[str | None, text(nullable=True)] = None
    remedy_sought: Annotated[str | None, text(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    second_owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    recurrence_of: Annotated[UUID | None, identifier(nullable=True, foreign_key="service_case.id")] = None
    complexity: Annotated[Extent | None, text(nullable=True)] = None
    impact: Annotated[Extent | None, text(nullable=True)] = None
    immediate_action: Annotated[bool | None, Field(nullable=True)] = None
    response: Annotated[str | None, text(nullable=True)] = None
    response_sha256: Annotated[str | None, text(nullable=True)] = None
    approved_by: Annotated[str | None, text(nullable=True)] = None
    approved_at: Annotated[datetime | None, moment(nullable=True)] = None
    approved_sha256: Annotated[str | None, text(nullable=True)] = None
    root_cause: Annotated[str | None, text(nullable=True)] = None
    remedy: Annotated[Remedy | None, DECODED, document(nullable=True)] = None
    is_accepted: Annotated[bool | None, Field(nullable=True)] = None
    received_at: Annotated[datetime, moment(nullable=False)]
    opened_on: Annotated[date, Field(nullable=False)]
    closed_on: Annotated[date | None, Field(nullable=True)] = None
    paused_at: Annotated[datetime | None, moment(nullable=True)] = None
    pause_reason: Annotated[str | None, text(nullable=True)] = None
    escalation_level: Annotated[int, Field(nullable=False)] = 0
    escalated_to: Annotated[UUID | None, identifier(nullable=True)] = None
    breaches: Annotated[int, Field(nullable=False)] = 0
    grade: Annotated[Grade | None, text(nullable=True)] = None
    sla_version: Annotated[int, Field(nullable=False)]
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


VOID: dict[str, None] = dict.fromkeys(("approved_by", "approved_at", "approved_sha256"))
"""What a case without an approval has."""


class ShownClock(FrozenRow):
    """A clock as it is seen now; a moment in a year whose make-up days are not published is provisional."""

    clock: str
    attempt: int
    state: str
    minutes: int
    worked_minutes: int
    started_at: datetime
    due_at: datetime | None
    is_provisional: bool
    stopped_at: datetime | None
    breached_at: datetime | None
    detected_at: datetime | None
    late_minutes: int


class ShownCase(Case):
    """A case with its clocks."""

    clocks: tuple[ShownClock, ...]


def with_clocks(case: Case, clocks: Iterable[ShownClock]) -> ShownCase:
    """What the API shows of a case: its next moment is that of its clocks."""
    shown = tuple(clocks)
    open_ones = [one.due_at for one in shown if one.stopped_at is None and one.due_at is not None]
    values = case.__dict__ | {"due_at": min(open_ones, default=None)}
    return ShownCase.model_construct(None, clocks=shown, **values)


class CaseTable(Case, OfOwner, Base, table=True):
    """Cases, with the earliest moment at which an open clock of theirs runs out, which the database fills in."""

    clock_due_at: Annotated[datetime | None, moment(nullable=True)] = None

    __table_args__ = (
        one_of("kind", CaseKind),
        one_of("state", CaseState),
        one_of("severity", Severity),
        one_of("complexity", Extent),
        one_of("impact", Extent),
        one_of("grade", Grade),
        sa.CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name="closed"),
        sa.CheckConstraint("(response IS NULL) = (response_sha256 IS NULL)", name="response"),
        sa.CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="paused"),
        sa.Index("ix_service_case_created_at_id", "created_at", "id"),
        sa.Index("ix_service_case_account_id_created_at_id", "account_id", "created_at", "id"),
        sa.Index("ix_service_case_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_service_case_second_owner_id_created_at_id", "second_owner_id", "created_at", "id"),
        sa.Index("ix_service_case_account_owner_id_created_at_id", "account_owner_id", "created_at", "id"),
        sa.Index("ix_service_case_clock_due_at_id", "clock_due_at", "id"),
        sa.Index("ix_service_case_account_owner_id_clock_due_at_id", "account_owner_id", "clock_due_at", "id"),
        sa.Index("ix_service_case_owner_id_clock_due_at_id", "owner_id", "clock_due_at", "id"),
        sa.Index("ix_service_case_second_owner_id_clock_due_at_id", "second_owner_id", "clock_due_at", "id"),
        *(
            sa.Index(f"ix_service_case_{owner}_{column}_id", owner, column, "id")
            for owner in ("account_owner_id", "owner_id", "second_owner_id")
            for column in ("number", "received_at")
        ),
        sa.Index("ix_service_case_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class CaseYear(FrozenRow):
    """The last number of a year."""

    __tablename__ = "case_year"

    year: Annotated[int, Field(primary_key=True, sa_column_kwargs={"autoincrement": False})]
    last: Annotated[int, Field(nullable=False)]


class CaseYearTable(CaseYear, Base, table=True):
    """Numbers of cases by year."""
