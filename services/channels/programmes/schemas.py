"""Schemas of rebate programmes; amounts are minor units of the base currency, rates are millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import BusinessDate, Code, Label, NonNegativeAmount, PositiveAmount, Schema, Share
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.rules import GrowthBasis, Period, PlanKind


def _distinct(values: list[str] | list[UUID]) -> list[str] | list[UUID]:
    if len(set(values)) != len(values):
        raise ValueError("each value once")
    return values


ProductLines = Annotated[list[Code], Field(max_length=100), AfterValidator(_distinct)]
PartnerIds = Annotated[list[UUID], Field(max_length=1000), AfterValidator(_distinct)]


class TierBody(Schema):
    """The rate of volume from `start` on; in a lump plan the `amount` that is earned from there on. In growth and mix
    plans `start` is a share in millionths: of growth over the baseline, of focus lines in the volume."""

    start: NonNegativeAmount
    rate: Share = 0
    amount: NonNegativeAmount | None = None


class BaselineBody(Schema):
    """The volume of a period over which the growth of a partner counts."""

    partner_id: UUID
    amount: PositiveAmount


class ProgrammeTerms(Schema):
    """What a programme pays, and what it is for."""

    kind: PlanKind
    tiers: list[TierBody] = Field(min_length=1, max_length=50)
    period: Period
    valid_from: BusinessDate
    valid_to: BusinessDate
    product_lines: ProductLines = Field(default_factory=list)
    partner_ids: PartnerIds = Field(default_factory=list)
    basis: GrowthBasis | None = None
    baselines: list[BaselineBody] | None = Field(default=None, min_length=1, max_length=1000)
    focus_lines: ProductLines | None = Field(default=None, min_length=1)


class ProgrammeCreate(ProgrammeTerms):
    """A draft; the first tier starts at 0 (in growth and mix plans at any share), the others follow by start.

    A growth plan may name its `basis` (`all` by default) and `baselines`, without which a partner's is what it sold in
    the same period of the year before; a mix plan names its `focus_lines`. Other plans have none of them.
    """

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


class RebateProgrammePublish(Schema):
    """Whether orders of its days count that were confirmed before; if not, nothing has to be said."""

    model_config = ConfigDict(json_schema_extra={"example": {"catch_up": False}})

    catch_up: bool = False


class RebateProgrammeRevise(Schema):
    """The day from which the next version counts, later than that of every version so far, and its tiers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "valid_from": "2026-02-15",
                "tiers": [{"start": 0, "rate": 15000}, {"start": 1000000, "rate": 30000}],
            }
        }
    )

    valid_from: BusinessDate
    tiers: list[TierBody] = Field(min_length=1, max_length=50)


class ProgrammeRead(Schema):
    """A rebate programme; a later version of one (`revision` from 2 on) names the first (`lineage_id`)."""

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
    basis: GrowthBasis | None
    baselines: list[BaselineBody] | None
    focus_lines: list[str] | None
    catch_up: bool
    revision: int
    lineage_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime
