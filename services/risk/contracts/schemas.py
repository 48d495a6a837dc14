"""Schemas of contracts."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from kit.web.schema import ABSENT, BusinessDate, Code, CurrencyCode, Label, LongText, NonNegativeAmount, Schema
from services.risk.contracts.enums import ClauseResult, ContractState, ContractType, Renewal
from services.risk.policies.enums import CreditGrade


def _sha256(value: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise PydanticCustomError("hash-invalid", "expected 64 hexadecimal digits, in small letters")
    return value


_HEXADECIMAL: Any = Field(json_schema_extra={"pattern": "^[0-9a-f]{64}$"})
Sha256 = Annotated[str, AfterValidator(_sha256), _HEXADECIMAL]
Uri = Annotated[str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[a-z][a-z0-9+.-]*:[!-~]+$")]
NoticeDays = Annotated[int, Field(strict=True, ge=0, le=3660)]
RenewMonths = Annotated[int, Field(strict=True, ge=1, le=120)]

_DOCUMENT: dict[str, Any] = {"uri": "https://documents.example/ct-2026-17.pdf", "sha256": "a" * 64}
EXAMPLE: dict[str, Any] = {
    "number": "CT-2026-000017",
    "title": "Frame of the year 2026",
    "type": "framework",
    "account_id": "01989f2e-0000-7000-8000-000000000001",
    "value": 10000000,
    "currency": "USD",
    "starts_on": "2026-01-01",
    "ends_on": "2099-12-31",
    "notice_days": 60,
    "renewal": "automatic",
    "renew_months": 12,
    "document": _DOCUMENT,
}


class DocumentBody(Schema):
    """Where the text of a contract is, and its hash."""

    uri: Uri
    sha256: Sha256


class ContractCreate(Schema):
    """A contract with an account or with a partner."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    number: Code
    title: Label
    type: ContractType
    account_id: UUID | None = None
    partner_id: UUID | None = None
    agreement_id: UUID | None = None
    value: NonNegativeAmount
    currency: CurrencyCode
    starts_on: BusinessDate
    ends_on: BusinessDate | None = None
    notice_days: NoticeDays = 0
    renewal: Renewal = Renewal.NONE
    renew_months: RenewMonths | None = None
    document: DocumentBody | None = None


class ContractUpdate(Schema):
    """Other terms of a draft; its number and the other party stay."""

    model_config = ConfigDict(json_schema_extra={"example": {"value": 12000000, "notice_days": 90}})

    title: Label = ABSENT
    type: ContractType = ABSENT
    agreement_id: UUID | None = ABSENT
    value: NonNegativeAmount = ABSENT
    starts_on: BusinessDate = ABSENT
    ends_on: BusinessDate | None = ABSENT
    notice_days: NoticeDays = ABSENT
    renewal: Renewal = ABSENT
    renew_months: RenewMonths | None = ABSENT
    document: DocumentBody | None = ABSENT


class ClauseAnswer(Schema):
    """How a clause was judged, and where that can be seen."""

    code: Code
    result: ClauseResult
    evidence: LongText = ""


class ContractReview(Schema):
    """Answers to clauses of the checklist; the others stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"answers": [{"code": "parties", "result": "pass", "evidence": "Section 1"}]}}
    )

    answers: Annotated[list[ClauseAnswer], Field(min_length=1, max_length=100)]


class ContractReject(Schema):
    """Why a contract goes back to its draft."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The cap on liability is missing"}})

    reason: Label


class ContractSign(Schema):
    """The day on which a contract was signed, and the document that was."""

    model_config = ConfigDict(json_schema_extra={"example": {"signed_on": "2025-12-20", "document": _DOCUMENT}})

    signed_on: BusinessDate
    document: DocumentBody


class ContractNotice(Schema):
    """The day on which notice was given, by whichever side."""

    model_config = ConfigDict(json_schema_extra={"example": {"given_on": "2026-10-15"}})

    given_on: BusinessDate


class ContractTerminate(Schema):
    """The last day of a contract that ends before its time, and why, as one word."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-07-31", "reason": "breach"}})

    on: BusinessDate
    reason: Code


class ClauseRead(Schema):
    """A clause of the checklist; `result` is null while it is open."""

    code: str
    title: str
    is_mandatory: bool
    result: ClauseResult | None
    evidence: str
    answered_by: str | None


class ContractRead(Schema):
    """A contract with the terms that hold on the day asked for (before the first: those signed last). `value_base` is
    the value in base currency at `exchange_rate`, that of the day on which it was agreed (of a draft: was written)."""

    id: UUID
    number: str
    title: str
    type: ContractType
    state: ContractState
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    agreement_id: UUID | None
    value: int
    currency: str
    exchange_rate: str
    value_base: int
    starts_on: date
    ends_on: date | None
    notice_days: int
    notice_by: date | None
    renewal: Renewal
    renew_months: int | None
    document: DocumentBody | None
    terms_from: date | None
    authors: list[str]
    clauses: list[ClauseRead]
    clauses_sha256: str | None
    approved_by: str | None
    approved_at: datetime | None
    signed_on: date | None
    notice_given_on: date | None
    terminated_on: date | None
    termination_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ContractPointsRead(Schema):
    """Points by factor, three decimals as text."""

    grade: str
    clauses: str
    obligations: str
    disputes: str
    concentration: str


class ContractScoreRead(Schema):
    """How risky a contract is: `score` is the sum of the points, rounded once, 100 at most, and what they rest on.

    `obligations` are those of the last 365 days that were due, `disputed` the claims of disputes that are not closed,
    `in_force` the value of all contracts in force (of this one too); all amounts in base currency.
    """

    contract_id: UUID
    as_of: date
    score: int
    points: ContractPointsRead
    grade: CreditGrade
    failed_clauses: int
    obligations: int
    late: int
    value: int
    disputed: int
    in_force: int


class RenewalRead(Schema):
    """A standing contract that has an end: by when notice must be given, and what follows otherwise."""

    id: UUID
    number: str
    title: str
    type: ContractType
    state: Literal["signed", "in_force"]
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    ends_on: date
    notice_by: date
    renewal: Renewal
    renew_months: int | None
    notice_given_on: date | None
