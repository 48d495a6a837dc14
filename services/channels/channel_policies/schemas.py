"""Bodies of the policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, WrapValidator

from kit.web.schema import BusinessDate, Label, Schema
from services.channels.channel_policies.bodies import AnyRules, read_rules
from services.channels.channel_policies.enums import ChannelPolicyKind

RulesOfKind = Annotated[AnyRules, WrapValidator(read_rules)]


class ChannelPolicySet(Schema):
    """The next version of a kind of policy, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "conflict",
                "valid_from": "2100-01-01",
                "rules": {"window_days": 60, "tolerance": 20000},
                "reason": "Shorter cycles",
            }
        }
    )

    kind: ChannelPolicyKind
    valid_from: BusinessDate = Field(description="the day from which it holds, today or later")
    rules: RulesOfKind = Field(description="of its kind; what is left out is as it was installed")
    reason: Label


class ChannelPolicyRead(Schema):
    """A version of a kind of policy, `version` its number. Of those that have begun by a day the newest holds on it."""

    id: UUID
    kind: ChannelPolicyKind
    version: int
    valid_from: date
    rules: RulesOfKind
    reason: str
    author: str
    created_at: datetime
    updated_at: datetime
