"""Bodies of statements of rebates; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, LongText, NonNegativeAmount, Schema
from services.channels.statements.enums import RebateLineKind, RebateStatementState

Reason = Annotated[LongText, Field(min_length=1)]


class RebateStatementsRun(Schema):
    """Up to which day entries are taken, of which partner (none: of all), and what is paid at least."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "posting_date": "2026-03-31",
                "min_payout": 5000,
            }
        }
    )

    partner_id: UUID | None = None
    posting_date: BusinessDate = Field(description="today at the latest")
    min_payout: NonNegativeAmount = 0


class RebateStatementPay(Schema):
    """When a statement was paid; today where no day is given."""

    model_config = ConfigDict(json_schema_extra={"example": {"paid_on": "2026-04-05"}})

    paid_on: BusinessDate | None = None


class RebateStatementReason(Schema):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "An order of March is missing."}})

    reason: Reason


class RebateStatementRead(Schema):
    """A statement: carry + accruals + adjustments = total = payable + carried.

    What is negative, or below `min_payout`, is not paid but the carry of the next statement (`carried_to`).
    """

    id: UUID
    number: str
    partner_id: UUID
    state: RebateStatementState
    posting_date: date
    currency: str
    min_payout: int
    entries: int
    carry: int
    accruals: int
    adjustments: int
    total: int
    payable: int
    carried: int
    carried_to: UUID | None
    calculated_by: str
    calculated_at: datetime
    approved_by: str | None
    paid_on: date | None
    reason: str
    version: int
    created_at: datetime
    updated_at: datetime


class RebateStatementLineRead(Schema):
    """An accrual or an adjustment that stands in a statement; in a cancelled one it is live no more."""

    id: UUID
    kind: RebateLineKind
    posting_date: date
    order_id: UUID | None
    programme_id: UUID | None
    amount: int
    is_live: bool
