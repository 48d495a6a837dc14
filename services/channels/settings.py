"""Settings of the channels service."""

from __future__ import annotations

from pydantic import Field

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables with the prefix CRMESH_."""

    service: str = "channels"
    screening_required: bool = Field(
        default=False, description="true: a partner that applies is activated only after it was screened and approved"
    )
