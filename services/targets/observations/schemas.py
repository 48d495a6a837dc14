"""Bodies of the observations."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.batch import BatchBody
from kit.web.schema import Amount, BusinessDate, Code, Label, Schema, Text
from services.targets.observations.enums import ObservationKind


class ObservationCreate(Schema):
    """What was observed, or a row of a batch: `external_id` names it for ever.

    `value` is an amount (`size`, `spend`), millionths (`growth`, `share`) or thousandths (`competitor`, `force`, which
    name their `subject`). What names no unit, region, product line or channel is of the whole market or company.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "external_id": "ads-2026-q1",
                "kind": "spend",
                "period_start": "2026-01-01",
                "period_end": "2026-03-31",
                "value": 90000,
                "source": "Cost centre 4711",
                "observed_on": "2026-04-02",
            }
        }
    )

    external_id: Code
    kind: ObservationKind
    subject: Code | None = Field(default=None, description="the competitor, or the force")
    unit_id: UUID | None = None
    region: Text | None = Field(default=None, description="a code of ISO 3166-2")
    product_line: Code | None = None
    channel_id: UUID | None = None
    period_start: BusinessDate
    period_end: BusinessDate
    value: Amount
    source: Label
    observed_on: BusinessDate
    corrects_id: UUID | None = Field(default=None, description="the observation in whose place this one is")


class ObservationBatch(BatchBody):
    """Observations by external id."""

    row_model = ObservationCreate


class ObservationRead(Schema):
    """An observation; `is_current` until another one corrects it, and only what is current counts."""

    id: UUID
    external_id: str
    kind: ObservationKind
    subject: str | None
    unit_id: UUID | None
    region: str | None
    product_line: str | None
    channel_id: UUID | None
    period_start: date
    period_end: date
    value: int
    source: str
    observed_on: date
    corrects_id: UUID | None
    is_current: bool
    author: str
    version: int
    created_at: datetime
    updated_at: datetime
