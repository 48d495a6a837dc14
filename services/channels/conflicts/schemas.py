"""Bodies of conflicts: amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, LongText, PositiveShare, Schema
from services.channels.channel_policies.enums import ConflictSeverity
from services.channels.conflicts.enums import ConflictKind, ConflictOutcome, ConflictState, ConflictSubject

Written = Annotated[LongText, Field(min_length=1)]
ShareMap = Annotated[dict[UUID, PositiveShare], Field(max_length=100)]
AtFault = Annotated[list[UUID], Field(max_length=100, description="partners whose fault it is")]
Evidences = Annotated[list["ConflictEvidenceRead"], Field(max_length=1000)]
Statements = Annotated[list["ConflictStatementRead"], Field(max_length=1000)]


class ConflictAssess(Schema):
    """How grave a conflict is, and why."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"severity": "high", "note": "Both know the buyer; the second order was larger."}}
    )

    severity: ConflictSeverity
    note: Written


class ConflictStatementAdd(Schema):
    """What a party states; without `partner_id` the company itself."""

    model_config = ConfigDict(json_schema_extra={"example": {"statement": "We have served them since 2023."}})

    partner_id: UUID | None = None
    statement: Written


_OUTCOME: dict[str, Any] = {"outcome": "keep", "valid_from": "2100-01-01", "note": "Who came first keeps the customer."}


class ConflictPropose(Schema):
    """An outcome and the days that it covers (without an end it stays open), with shares of a split alone."""

    model_config = ConfigDict(json_schema_extra={"example": _OUTCOME})

    outcome: ConflictOutcome
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None
    member_shares: ShareMap = Field(default_factory=dict)
    partner_shares: ShareMap = Field(default_factory=dict)
    at_fault: AtFault = Field(default_factory=list)
    note: Written


class ConflictArbitrate(ConflictPropose):
    """What a second person decides."""

    model_config = ConfigDict(json_schema_extra={"example": _OUTCOME})


class ConflictAgree(Schema):
    """What a partner that is a party says of what is proposed."""

    model_config = ConfigDict(json_schema_extra={"example": {"partner_id": "01989f2e-0000-7000-8000-0000000000b1"}})

    partner_id: UUID
    accepts: bool = True


class ConflictClose(Schema):
    """What is said in the end."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "Both partners were told."}})

    note: LongText = ""


class ConflictDismiss(Schema):
    """Why there is no conflict."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "A test order."}})

    note: Written


class ConflictRead(Schema):
    """A conflict of `partner_ids`; of one alone the company itself is the other party.

    `value_base` is the net of its orders, less returns, each as it was found; `order_ids` are the first 1,000 of them.
    `due_on` is the last day of its state, after which it `is_late` and stays. The outcome is what was proposed last; it
    holds from the decision on (`resolved_at`) for the days from `valid_from` to `valid_to`.
    """

    id: UUID
    number: str
    kind: ConflictKind
    state: ConflictState
    severity: ConflictSeverity
    partner_ids: list[UUID]
    account_id: UUID | None
    order_ids: list[UUID]
    product_lines: list[str]
    region: str | None
    owner_id: UUID | None
    value_base: int
    evidence_count: int
    statement_count: int
    opened_on: date
    due_on: date | None
    is_late: bool
    assessment: str
    proposal: str
    proposed_by: str | None
    accepted_by: list[UUID]
    refused_by: list[UUID]
    outcome: ConflictOutcome | None
    valid_from: date | None
    valid_to: date | None
    member_shares: dict[UUID, int]
    partner_shares: dict[UUID, int]
    at_fault: list[UUID]
    decided_by: str | None
    decision_note: str
    resolved_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class ConflictEvidenceRead(Schema):
    """An order or an opportunity that shows a conflict, with orders, deals, agreements and prices as they were when it
    was found; `sha256` is that of the snapshot in canonical JSON (sorted names, no spaces)."""

    id: UUID
    subject: ConflictSubject
    subject_id: UUID
    source_event_id: UUID
    found_on: date
    found_at: datetime
    snapshot: dict[str, Any]
    sha256: str


class ConflictEvidenceAnswer(Schema):
    """What shows a conflict: the first 1,000 pieces."""

    conflict_id: UUID
    items: Evidences


class ConflictStatementRead(Schema):
    """What a party stated; without `partner_id` the company itself."""

    id: UUID
    partner_id: UUID | None
    statement: str
    recorded_by: str
    recorded_at: datetime


class ConflictStatementsAnswer(Schema):
    """What the parties of a conflict have stated: the first 1,000 statements."""

    conflict_id: UUID
    items: Statements


class ConflictPrecedentRead(Schema):
    """A closed conflict of the same kind, and how near it is: a product line in common 3 points, the region 2 (its
    country 1), the severity 1, a value within half to double 1."""

    conflict_id: UUID
    number: str
    points: Annotated[int, Field(ge=0, le=7)]
    outcome: ConflictOutcome | None
    severity: ConflictSeverity
    value_base: int
    resolved_at: datetime | None


class ConflictPrecedentsAnswer(Schema):
    """The nearest precedents of a conflict, of as many points the newer first."""

    conflict_id: UUID
    items: Annotated[list[ConflictPrecedentRead], Field(max_length=20)]
