"""Schemas of groups of promotions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, Code, Label, Schema
from services.channels.evaluator.rewards import Phase
from services.channels.promotion_groups.enums import GroupPer


class PromotionGroupCreate(Schema):
    """A group of promotions of one step (line, set, order, gift), of which one wins: on each line its best
    (`per: line`, of line promotions only), or the one that gives most in all (`per: quote`). Groups add up."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"code": "SPRING", "name": "Spring offers", "phase": "line", "per": "quote"}}
    )

    code: Code
    name: Label
    phase: Phase
    per: GroupPer = GroupPer.QUOTE


class PromotionGroupUpdate(Schema):
    """Another name; what a group does never changes."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Offers of the spring"}})

    name: Label = ABSENT


class PromotionGroupRead(Schema):
    """A group of promotions."""

    id: UUID
    code: str
    name: str
    phase: Phase
    per: GroupPer
    version: int
    created_at: datetime
    updated_at: datetime
