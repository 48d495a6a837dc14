"""Bodies of financial statements and credit reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Amount, BusinessDate, NonNegativeAmount, PositiveAmount, Schema

ReportScore = Annotated[int, Field(strict=True, ge=0, le=100)]
_ACCOUNT = "01989f2e-0000-7000-8000-000000000001"


class FinancialStatementCreate(Schema):
    """A balance sheet and the year before it, in minor units of any one currency: only ratios are taken of them. To
    correct one, enter it again: of two of one period the later counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": _ACCOUNT,
                "period_end": "2025-12-31",
                "current_assets": 45000000,
                "current_liabilities": 30000000,
                "equity": 40000000,
                "total_assets": 100000000,
                "revenue": 200000000,
                "net_profit": 8000000,
            }
        }
    )

    account_id: UUID
    period_end: BusinessDate
    current_assets: NonNegativeAmount
    current_liabilities: NonNegativeAmount
    equity: Amount
    total_assets: PositiveAmount
    revenue: NonNegativeAmount
    net_profit: Amount


class FinancialStatementRead(Schema):
    """A financial statement; `account_id` is what its account reads as, `filed_account_id` the account itself."""

    id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    period_end: date
    current_assets: int
    current_liabilities: int
    equity: int
    total_assets: int
    revenue: int
    net_profit: int
    created_by: str
    created_at: datetime


class CreditReportCreate(Schema):
    """What an agency says of an account: points from 0 to 100, and whether it is insolvent, which counts until a later
    report says otherwise."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"account_id": _ACCOUNT, "reported_on": "2026-02-01", "score": 72, "insolvency": False}
        }
    )

    account_id: UUID
    reported_on: BusinessDate
    score: ReportScore
    insolvency: bool = False


class CreditReportRead(Schema):
    """A credit report; `account_id` is what its account reads as, `filed_account_id` the account itself."""

    id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    reported_on: date
    score: int
    insolvency: bool
    created_by: str
    created_at: datetime
