"""Payload models: what a producer publishes (`Published`) and what a consumer reads of it (`Heard`)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
"""Why something happened, as one word of a list: free text never leaves in an event."""


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
