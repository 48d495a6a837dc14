"""Schemas of rebate programmes; amounts are minor units of the base currency, rates are millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import BusinessDate, Code, Label, NonNegativeAmount, Schema, Share
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.rules import Period, PlanKind


def _distinct(values: list[str] | list[UUID]) -> list[str] | list[UUID]:
    if len(set(values)) != len(values):
        raise ValueError("each value once")
    return values


ProductLines = Annotated[list[Code], Field(max_length=100), AfterValidator(_distinct)]
PartnerIds = Annotated[list[UUID], Field(max_length=1000), AfterValidator(_distinct)]


class TierBody(Schema):
    """The rate of volume from `start` on."""

    start: NonNegativeAmount
    rate: Share


class ProgrammeCreate(Schema):
    """A draft; the first tier starts at 0, the others follow by start."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Volume 2026",
                "kind": "marginal",
                "tiers": [{"start": 0, "rate": 10000}, {"start": 1000000, "rate": 20000}],
                "period": "quarter",
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        }
    )

    name: Label
    kind: PlanKind
    tiers: list[TierBody] = Field(min_length=1, max_length=50)
    period: Period
    valid_from: BusinessDate
    valid_to: BusinessDate
    product_lines: ProductLines = Field(default_factory=list)
    partner_ids: PartnerIds = Field(default_factory=list)


class ProgrammeRead(Schema):
    """A rebate programme."""

    id: UUID
    name: str
    kind: PlanKind
    tiers: list[TierBody]
    period: Period
    valid_from: date
    valid_to: date
    product_lines: list[str]
    partner_ids: list[UUID]
    state: ProgrammeState
    published_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
