"""Conflicts, what shows them, and what their parties state, as rows and as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import (
    DECODED,
    FrozenRow,
    OwnedRow,
    big_int,
    document,
    identifier,
    identifiers,
    moment,
    one_of,
    text,
)
from kit.db.text_keys import TextKeys
from services.channels.channel_policies.enums import ConflictSeverity
from services.channels.conflicts.enums import ConflictKind, ConflictOutcome, ConflictState, ConflictSubject
from services.channels.db import Base

Texts = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
Ids = Annotated[tuple[UUID, ...], identifiers(nullable=False)]
Shares = Annotated[dict[str, int], DECODED, document(nullable=False)]

LIVE = "state NOT IN ('closed', 'dismissed')"


class Conflict(OwnedRow):
    """A conflict of `partner_ids` (one alone: with the company) about a place: an account, or a cell of an agreement.

    `parties` and `place` are what is one while it lives. `value_base` is the net of its orders as they were found.
    `due_on` is the last day of its state, `due_at` when it is late. The outcome is what was proposed last, from its
    decision on (`resolved_at`) what holds.
    """

    __tablename__ = "conflict"
    __text_keys__: ClassVar = TextKeys(numbers=("number",))

    number: Annotated[str, text(nullable=False)]
    kind: Annotated[ConflictKind, text(nullable=False)]
    state: Annotated[ConflictState, text(nullable=False)]
    severity: Annotated[ConflictSeverity, text(nullable=False)]
    partner_ids: Ids
    parties: Annotated[str, text(nullable=False)]
    place: Annotated[str, text(nullable=False)]
    account_id: Annotated[UUID | None, identifier(nullable=True)]
    order_ids: Ids
    product_lines: Texts
    region: Annotated[str | None, text(nullable=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    value_base: Annotated[int, big_int(nullable=False)]
    evidence_count: Annotated[int, Field(nullable=False)]
    statement_count: Annotated[int, Field(nullable=False)] = 0
    opened_on: Annotated[date, Field(nullable=False)]
    due_on: Annotated[date | None, Field(nullable=True)]
    is_late: Annotated[bool, Field(nullable=False)] = False
    assessment: Annotated[str, text(nullable=False)] = ""
    proposal: Annotated[str, text(nullable=False)] = ""
    proposed_by: Annotated[str | None, text(nullable=True)] = None
    accepted_by: Ids = ()
    refused_by: Ids = ()
    outcome: Annotated[ConflictOutcome | None, text(nullable=True)] = None
    valid_from: Annotated[date | None, Field(nullable=True)] = None
    valid_to: Annotated[date | None, Field(nullable=True)] = None
    member_shares: Shares
    partner_shares: Shares
    at_fault: Annotated[
        tuple[UUID, ...], identifiers(nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")})
    ] = ()
    decided_by: Annotated[str | None, text(nullable=True)] = None
    decision_note: Annotated[str, text(nullable=False)] = ""
    resolved_at: Annotated[datetime | None, moment(nullable=True)] = None
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class ConflictTable(Conflict, Base, table=True):
    """Conflicts."""

    __table_args__ = (
        one_of("kind", ConflictKind),
        one_of("state", ConflictState),
        one_of("severity", ConflictSeverity),
        one_of("outcome", ConflictOutcome),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        sa.CheckConstraint(
            "(state IN ('agreed', 'arbitrated', 'closed', 'dismissed')) = (resolved_at IS NOT NULL)", name="resolved"
        ),
        sa.CheckConstraint("state NOT IN ('proposed', 'agreed', 'arbitrated') OR outcome IS NOT NULL", name="decided"),
        sa.CheckConstraint("due_at IS NULL OR state IN ('opened', 'assessed', 'mediation', 'proposed')", name="due_at"),
        sa.UniqueConstraint("number"),
        sa.Index("uq_conflict_live", "kind", "parties", "place", unique=True, postgresql_where=sa.text(LIVE)),
        sa.Index("ix_conflict_kind_parties", "kind", "parties"),
        sa.Index("ix_conflict_split", "account_id", postgresql_where=sa.text("outcome = 'split'")),
        sa.Index("ix_conflict_account_id_opened_on_id", "account_id", "opened_on", "id"),
        sa.Index("ix_conflict_owner_id_opened_on_id", "owner_id", "opened_on", "id"),
        sa.Index("ix_conflict_opened_on_id", "opened_on", "id"),
        sa.Index("ix_conflict_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )


class ConflictCounter(FrozenRow):
    """The last number of a year. A row, not a sequence: what is rolled back and done again leaves no gap."""

    __tablename__ = "conflict_counter"

    year: Annotated[int, Field(primary_key=True, sa_column_kwargs={"autoincrement": False})]
    last: Annotated[int, big_int(nullable=False)]


class ConflictCounterTable(ConflictCounter, Base, table=True):
    """Counters."""


class ConflictEvidence(FrozenRow):
    """What shows a conflict: an order or an opportunity, which is evidence once however often it changes, and what it
    was found by. `sha256` is that of the snapshot in canonical JSON."""

    __tablename__ = "conflict_evidence"

    id: Annotated[UUID, identifier(primary_key=True)]
    conflict_id: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[ConflictKind, text(nullable=False)]
    parties: Annotated[str, text(nullable=False)]
    subject: Annotated[ConflictSubject, text(nullable=False)]
    subject_id: Annotated[UUID, identifier(nullable=False)]
    source_event_id: Annotated[UUID, identifier(nullable=False)]
    found_on: Annotated[date, Field(nullable=False)]
    found_at: Annotated[datetime, moment(nullable=False)]
    snapshot: Annotated[Annotated[dict[str, Any], DECODED], document(nullable=False)]
    sha256: Annotated[str, text(nullable=False)]


class ConflictEvidenceTable(ConflictEvidence, Base, table=True):
    """Evidence of conflicts."""

    __table_args__ = (
        one_of("kind", ConflictKind),
        one_of("subject", ConflictSubject),
        sa.UniqueConstraint("subject_id", "kind", "parties"),
        sa.Index("ix_conflict_evidence_conflict_id", "conflict_id", "found_at", "id"),
    )


class ConflictStatement(FrozenRow):
    """What a party states of a conflict; None is the company."""

    __tablename__ = "conflict_statement"

    id: Annotated[UUID, identifier(primary_key=True)]
    conflict_id: Annotated[UUID, identifier(nullable=False)]
    partner_id: Annotated[UUID | None, identifier(nullable=True)]
    statement: Annotated[str, text(nullable=False)]
    recorded_by: Annotated[str, text(nullable=False)]
    recorded_at: Annotated[datetime, moment(nullable=False)]


class ConflictStatementTable(ConflictStatement, Base, table=True):
    """Statements."""

    __table_args__ = (sa.Index("ix_conflict_statement_conflict_id", "conflict_id", "recorded_at", "id"),)
