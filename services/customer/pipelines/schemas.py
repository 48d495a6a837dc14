"""Bodies and answers of pipelines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import BusinessDate, Code, Label, Schema, Share
from services.customer.pipelines.enums import OpenCategory

_EXAMPLE: dict[str, Any] = {
    "pipeline": "renewals",
    "stages": [
        {"code": "reminded", "name": "Reminded", "probability": 300000, "forecast_category": "pipeline"},
        {"code": "offered", "name": "Offer sent", "probability": 700000, "forecast_category": "commit"},
    ],
}


class StageBody(Schema):
    """A stage; `probability` and `forecast_category` are those of an opportunity that comes to it."""

    code: Code
    name: Label | None = None
    probability: Share
    forecast_category: OpenCategory


class PipelineCreate(Schema):
    """The next version of a pipeline, for opportunities added from `valid_from` (today unless said) on; its stages in
    their order."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    pipeline: Code
    valid_from: BusinessDate | None = None
    stages: Annotated[list[StageBody], Field(min_length=1, max_length=50)]


class PipelineRead(Schema):
    """A version of a pipeline."""

    id: UUID
    version: int
    pipeline: str
    number: int
    valid_from: date
    stages: list[StageBody]
    created_by: str
    created_at: datetime


PipelinePage = page_of(PipelineRead)
