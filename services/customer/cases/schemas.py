"""Bodies and answers of cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.lists import page_of
from kit.web.schema import ABSENT, Code, Label, LongText, Moment, NonNegativeAmount, Schema
from services.customer.cases.enums import CaseKind, CaseState, Extent
from services.customer.policies.enums import Grade
from services.customer.slas.enums import ClockKind, ClockState, Severity

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="SHA-256, hexadecimal")]

_EXAMPLE: dict[str, Any] = {
    "kind": "question",
    "subject": "When will the rest be delivered?",
    "description": "Two of three boxes have come.",
    "severity": "medium",
}


class RemedyGiven(Schema):
    """What the company gave to make good; cost in minor units of the base currency."""

    kind: Code
    cost_base: NonNegativeAmount


class CaseCreate(Schema):
    """A case; without `owner_id` it is the caller's, or of who has the account. Of an order it is the order's
    account's."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    kind: CaseKind
    subject: Label
    description: LongText | None = None
    remedy_sought: LongText | None = None
    severity: Severity
    account_id: UUID | None = None
    contact_id: UUID | None = Field(default=None, description="a contact of the account")
    order_id: UUID | None = Field(default=None, description="an order of the account")
    sku: Code | None = None
    owner_id: UUID | None = None
    second_owner_id: UUID | None = None
    recurrence_of: UUID | None = Field(default=None, description="an earlier case of the account")
    received_at: Moment | None = Field(default=None, description="when it came, unless now; the clocks run from then")


class CaseUpdate(Schema):
    """Fields to change; the account stays, the owner is changed by `assign`. `kind` until it is assessed, `response`
    (the answer as it is to be sent) until it is answered."""

    model_config = ConfigDict(json_schema_extra={"example": {"response": "The third box follows on Monday."}})

    kind: CaseKind = ABSENT
    subject: Label = ABSENT
    description: LongText | None = None
    remedy_sought: LongText | None = None
    severity: Severity = ABSENT
    contact_id: UUID | None = None
    order_id: UUID | None = None
    sku: Code | None = None
    second_owner_id: UUID | None = None
    recurrence_of: UUID | None = None
    response: LongText | None = None
    root_cause: Code | None = None
    remedy: RemedyGiven | None = None


class CaseAssess(Schema):
    """How grave a case is, how complex, how far it reaches, and whether something must be done at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"severity": "medium", "complexity": "low", "impact": "low", "immediate_action": False}
        }
    )

    severity: Severity
    complexity: Extent
    impact: Extent
    immediate_action: bool


class CaseRespond(Schema):
    """The answer; without it the one that is written down."""

    model_config = ConfigDict(json_schema_extra={"example": {"response": "The third box follows on Monday."}})

    response: LongText | None = None


class ResponseApprove(Schema):
    """The hash of the answer that was read (`response_sha256` of the case)."""

    model_config = ConfigDict(json_schema_extra={"example": {"response_sha256": "0" * 64}})

    response_sha256: Digest


class CaseClose(Schema):
    """Whether the customer took the answer, and why it came to the case (a complaint needs it)."""

    model_config = ConfigDict(json_schema_extra={"example": {"accepted": True, "root_cause": "transport"}})

    accepted: bool
    root_cause: Code | None = None


class CaseReason(Schema):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "waiting-for-customer"}})

    reason: Code


class CaseAssign(Schema):
    """The new owner, and the second one where it changes."""

    model_config = ConfigDict(json_schema_extra={"example": {"owner_id": "01989f2e-0000-7000-8000-0000000000a1"}})

    owner_id: UUID
    second_owner_id: UUID | None = None


class ClockRead(Schema):
    """A clock in working minutes. `due_at` is null while it is paused, `is_provisional` when it lies in a year whose
    make-up days are not published; `late_minutes` grow until the stop."""

    clock: ClockKind
    attempt: int
    state: ClockState
    minutes: int
    worked_minutes: int
    started_at: datetime
    due_at: datetime | None
    is_provisional: bool
    stopped_at: datetime | None
    breached_at: datetime | None
    detected_at: datetime | None
    late_minutes: int


class CaseSummary(Schema):
    """A case in a list; `due_at` is the next moment of its open clocks, `breaches` counts those that ran out."""

    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    severity: Severity
    account_id: UUID | None
    filed_account_id: UUID | None
    contact_id: UUID | None
    order_id: UUID | None
    sku: str | None
    subject: str
    owner_id: UUID | None
    second_owner_id: UUID | None
    recurrence_of: UUID | None
    complexity: Extent | None
    impact: Extent | None
    immediate_action: bool | None
    root_cause: str | None
    remedy: RemedyGiven | None
    is_accepted: bool | None
    received_at: datetime
    opened_on: date
    closed_on: date | None
    paused_at: datetime | None
    pause_reason: str | None
    escalation_level: int
    escalated_to: UUID | None
    breaches: int
    grade: Grade | None
    sla_version: int
    due_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class CaseRead(CaseSummary):
    """A case with its clocks. `response_sha256` is the hash of `response`; an approval holds while it is the same."""

    description: str | None
    remedy_sought: str | None
    response: str | None
    response_sha256: str | None
    approved_by: str | None
    approved_at: datetime | None
    approved_sha256: str | None
    clocks: list[ClockRead]


CasePage = page_of(CaseSummary)
