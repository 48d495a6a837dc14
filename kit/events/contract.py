"""Payload models: what a producer publishes (`Published`) and what a consumer reads of it (`Heard`)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Published(BaseModel):
    """Payload of one event type. `TYPE` is the CloudEvents type, `EXAMPLE` a complete payload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    TYPE: ClassVar[str]
    EXAMPLE: ClassVar[dict[str, Any]]


class Part(BaseModel):
    """A part of a payload."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Heard(BaseModel):
    """A tolerant, reduced copy of another service's payload: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
