"""Schemas of credit profiles; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, BusinessDate, Label, NonNegativeAmount, PositiveAmount, Schema, Share, Text
from services.risk.policies.enums import CreditGrade
from services.risk.profiles.enums import CreditSecurityKind, HoldReason, SubjectKind

TermsDays = Annotated[int, Field(strict=True, ge=0, le=365)]


class CreditSecurityBody(Schema):
    """What secures what is owed, through `valid_until` (null: without end), and where it is filed."""

    kind: CreditSecurityKind
    amount: PositiveAmount
    valid_until: BusinessDate | None = None
    reference: Text = ""


class CreditProfileUpdate(Schema):
    """New terms, and why: the limit (a raise of it ends), the most days to pay, and what share of an order has to lie
    on account when it is placed (1000000: prepayment). Days or a share of null are those of the grade again.
    `securities` are all that there are then, `review_on` is the day on which somebody looks at it again."""

    model_config = ConfigDict(json_schema_extra={"example": {"credit_limit": 2500000, "reason": "Yearly review"}})

    credit_limit: NonNegativeAmount = ABSENT
    terms_days: TermsDays | None = None
    deposit_share: Share | None = None
    securities: Annotated[list[CreditSecurityBody], Field(max_length=50)] = ABSENT
    review_on: BusinessDate | None = None
    reason: Label

    @model_validator(mode="after")
    def _something(self) -> CreditProfileUpdate:
        if self.model_fields_set == {"reason"}:
            raise ValueError("give credit_limit, terms_days, deposit_share, securities or review_on")
        return self


class CreditLimitRaise(Schema):
    """A higher limit through a day, after which the one before it holds again."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"credit_limit": 8000000, "until": "2027-12-31", "reason": "Season"}}
    )

    credit_limit: PositiveAmount
    until: BusinessDate
    reason: Text = ""


class CreditProfileRow(Schema):
    """One row of a batch of limits."""

    account_id: UUID
    credit_limit: NonNegativeAmount
    terms_days: TermsDays | None = None
    deposit_share: Share | None = None
    reason: Text = ""


class CreditProfileBatch(BatchBody):
    """Limits by account."""

    row_model = CreditProfileRow


class CreditProfileRead(Schema):
    """The profile of an account, or of a partner: its exposure is that of the orders that name it, and without a limit
    (`credit_limit`, `headroom` null) it is followed, not bound. Partners are not graded. `payable` is what a partner
    has earned in rebates and was not paid (below zero: was paid too much; null of an account, and until it is known),
    never offset against what is used.

    With its use: use = max(0, exposure), headroom = max(0, credit_limit - use). While a hold stands
    (`hold_reasons`) no placement is reserved. One that leads to another account (`merged_into`) does not decide; the
    exposure of that one counts it.

    `grade` is the one that people have set (`set_grade`, through `set_until`), else what the rules found
    (`scored_grade`); a better one waits for somebody else's approval as `proposed_grade`. `terms_days` are the default
    of orders and, of an account that is rated or whose days were set, the most that an order may have. `pd`, and
    expected_loss = max(0, use - secured) x pd x loss given default, follow the grade; `secured` is the sum of the
    `securities` that are valid today. `dropped_from` is the grade before a drop that has not been made good. While a
    raise lasts (through `raised_until`), `limit_before` is what the limit goes back to."""

    id: UUID
    subject_kind: SubjectKind
    account_id: UUID | None
    partner_id: UUID | None
    name: str | None
    owner_id: UUID | None
    credit_limit: int | None
    limit_before: int | None
    raised_until: date | None
    grade: CreditGrade
    score: int | None
    scored_on: date | None
    scored_grade: CreditGrade
    pd: int
    terms_days: int
    deposit_share: int
    set_terms_days: int | None
    set_deposit_share: int | None
    set_grade: CreditGrade | None
    set_until: date | None
    proposed_grade: CreditGrade | None
    proposed_until: date | None
    proposed_by: str | None
    dropped_from: CreditGrade | None
    is_on_hold: bool
    hold_reasons: list[HoldReason]
    merged_into: UUID | None
    exposure: int
    use: int
    headroom: int | None
    payable: int | None
    securities: list[CreditSecurityBody]
    secured: int
    expected_loss: int
    review_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
