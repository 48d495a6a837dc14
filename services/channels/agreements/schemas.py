"""Bodies of agreements: amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from kit.web.schema import ABSENT, Area, BusinessDate, Code, LongText, PositiveAmount, Schema, Share, Text
from services.channels.agreements.enums import (
    AgreementClauseSide,
    AgreementExclusivity,
    AgreementMode,
    AgreementState,
)


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("each value once")
    return values


Territory = Annotated[list[Area], Field(min_length=1, max_length=100), AfterValidator(_distinct)]
Lines = Annotated[list[Code], Field(max_length=100), AfterValidator(_distinct)]
ProgrammeIds = Annotated[list[UUID], Field(max_length=100), AfterValidator(_distinct)]
NoticeDays = Annotated[int, Field(strict=True, ge=0, le=730)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_TERMS: dict[str, Any] = {
    "territory": ["CN-SH", "CN-ZJ"],
    "mode": "offline",
    "exclusivity": "sole",
    "max_discount": 150000,
    "minimum_volume_base": 1000000,
    "clauses": [{"side": "partner", "code": "stock", "text": "Keeps a stock of one month."}],
    "notice_days": 60,
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
}


class LineDiscountBody(Schema):
    """What the partner gets off a product line."""

    product_line: Code
    discount: Share


class AgreementClauseBody(Schema):
    """What one side, or both, are bound to."""

    side: AgreementClauseSide
    code: Code
    text: LongText


class AgreementContent(Schema):
    """The terms of a version, from `valid_from` to `valid_to` (both included; without an end it stays open).

    A region of `territory` covers those whose code it begins by whole parts: CN covers CN-SH, CN-S does not. No
    `product_lines` are all of them. `minimum_volume_base` is owed between both days, so it asks for an end.
    """

    territory: Territory
    product_lines: Lines = Field(default_factory=list)
    mode: AgreementMode = AgreementMode.ALL
    exclusivity: AgreementExclusivity = AgreementExclusivity.NONE
    discounts: list[LineDiscountBody] = Field(default_factory=list, max_length=100)
    max_discount: Share | None = None
    minimum_volume_base: PositiveAmount | None = None
    programme_ids: ProgrammeIds = Field(default_factory=list)
    clauses: list[AgreementClauseBody] = Field(default_factory=list, max_length=100)
    notice_days: NoticeDays = 0
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None
    document_reference: Text = ""
    document_sha256: Sha256 | None = None


class AgreementReplace(AgreementContent):
    """All terms of a version that is not signed yet; it is a draft again, of whoever writes it."""

    model_config = ConfigDict(json_schema_extra={"example": _TERMS})


class AgreementCreate(AgreementContent):
    """Version 1 of an agreement with a partner, as a draft."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"partner_id": "01989f2e-0000-7000-8000-0000000000b1", **_TERMS}}
    )

    partner_id: UUID


class AgreementAmend(Schema):
    """From which day on which terms change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_from": "2026-07-01", "max_discount": 200000}})

    valid_from: BusinessDate
    territory: Territory = ABSENT
    product_lines: Lines = ABSENT
    mode: AgreementMode = ABSENT
    exclusivity: AgreementExclusivity = ABSENT
    discounts: Annotated[list[LineDiscountBody], Field(max_length=100)] = ABSENT
    max_discount: Share | None = ABSENT
    minimum_volume_base: PositiveAmount | None = ABSENT
    valid_to: BusinessDate | None = ABSENT


class AgreementRenew(Schema):
    """Until which day an agreement goes on after its last one; without one it stays open."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_to": "2027-12-31"}})

    valid_to: BusinessDate | None = None


class AgreementTerminate(Schema):
    """Its last day, not before the notice that the agreement asks for (that day by default) unless it ends for cause;
    and why, as a word of the company's list."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "minimum_missed"}})

    reason: Code
    terminated_on: BusinessDate | None = None
    for_cause: bool = False
    note: LongText = ""


class AgreementRead(Schema):
    """A version of an agreement. `ends_on` is its last day: `valid_to`, the day before the next version, or the day on
    which it was terminated."""

    id: UUID
    number: str
    agreement_version: int
    partner_id: UUID
    state: AgreementState
    territory: list[str]
    product_lines: list[str]
    mode: AgreementMode
    exclusivity: AgreementExclusivity
    discounts: list[LineDiscountBody]
    max_discount: int | None
    minimum_volume_base: int | None
    programme_ids: list[UUID]
    clauses: list[AgreementClauseBody]
    notice_days: int
    valid_from: date
    valid_to: date | None
    document_reference: str
    document_sha256: str | None
    written_by: str
    signed_by: str | None
    signed_on: date | None
    ends_on: date | None
    terminated_on: date | None
    termination_reason: str | None
    successor_id: UUID | None
    next_warning: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class AgreementVolumeRead(Schema):
    """Net sales of the partner in the territory and lines of a version, within its days so far (`until`).

    `pace` is attained / (minimum x elapsed share) in millionths: 1000000 is just in time; null without a minimum, and
    before the first day.
    """

    agreement_id: UUID
    number: str
    attained_base: int
    minimum_volume_base: int | None
    missing_base: int | None
    valid_from: date
    until: date
    elapsed_days: int | None
    total_days: int | None
    pace: int | None
