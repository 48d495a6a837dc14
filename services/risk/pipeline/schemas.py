"""Answers of forward exposure; amounts are minor units of the base currency, shares millionths."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.web.schema import Schema
from services.risk.pipeline.enums import PipelineForecast


class ForwardCategoryRead(Schema):
    """Open opportunities of a category that are expected in time, and which share of them counts."""

    forecast_category: PipelineForecast
    opportunities: int
    gross: int
    share: int


class ForwardExposureRead(Schema):
    """What an account may owe by a day, information only: what it uses now, and with open opportunities whose expected
    close is not later (that day may have passed), in full (`gross`) and by the shares of the forward policy
    (`weighted`). Of accounts that are one it is the sum of all, under `account_id`. `undated` open opportunities, which
    have no expected close, are not in it."""

    account_id: UUID
    filed_account_id: UUID
    as_of: date
    horizon_days: int
    until: date
    policy_version: int
    currency: str
    credit_limit: int | None
    use: int
    gross: int
    weighted: int
    forward_gross: int
    forward_weighted: int
    undated: int
    categories: list[ForwardCategoryRead]
