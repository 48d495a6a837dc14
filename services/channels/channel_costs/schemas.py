"""Bodies of costs of channels: minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, NonNegativeAmount, Schema
from services.channels.channel_costs.enums import ChannelCostKind


def _first_of_month(day: date) -> date:
    if day.day != 1:
        raise ValueError("a month is named by its first day")
    return day


Month = Annotated[BusinessDate, AfterValidator(_first_of_month), Field(description="first day of the month")]


class ChannelCostCreate(Schema):
    """What a channel cost in a month for one kind of thing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "channel_id": "01989f2e-0000-7000-8000-0000000000b2",
                "month": "2026-02-01",
                "kind": "marketing",
                "amount_base": 1250000,
            }
        }
    )

    channel_id: UUID
    month: Month
    kind: ChannelCostKind
    amount_base: NonNegativeAmount


class ChannelCostUpdate(Schema):
    """Another amount; what it is the cost of stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"amount_base": 1300000}})

    amount_base: NonNegativeAmount = ABSENT


class ChannelCostRead(Schema):
    """What a channel cost in a month for one kind of thing."""

    id: UUID
    channel_id: UUID
    month: date
    kind: ChannelCostKind
    amount_base: int
    version: int
    created_at: datetime
    updated_at: datetime
