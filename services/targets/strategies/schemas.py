"""Bodies of the strategies of targets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import LongText, Schema

MAX_OBSERVATIONS = 100

Named = Annotated[list[UUID], Field(max_length=MAX_OBSERVATIONS)]


class StrategySet(Schema):
    """How a target is to be reached; what is left out is not said. `observation_ids` name the forces (kind `force`) and
    facts of the market that it rests on."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "product": "The new line first",
                "price": "List, no special prices below 10 pieces",
                "channel": "Partners in the west, own team elsewhere",
                "promotion": "Spring campaign",
                "positioning": "The reliable one",
                "observation_ids": [],
            }
        }
    )

    product: LongText | None = None
    price: LongText | None = None
    channel: LongText | None = None
    promotion: LongText | None = None
    positioning: LongText | None = None
    observation_ids: Named = Field(default=[])


class StrategyRead(Schema):
    """The strategy of a target; `version` is 0 and all else empty until somebody sets one."""

    target_id: UUID
    product: str | None = None
    price: str | None = None
    channel: str | None = None
    promotion: str | None = None
    positioning: str | None = None
    observation_ids: list[UUID] = Field(default=[])
    author: str | None = None
    version: int = 0
    updated_at: datetime | None = None
