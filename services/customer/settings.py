"""Settings of the customer service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables with the prefix CRMESH_."""

    service: str = "customer"
    price_policy: Literal["free", "enforced"] = Field(
        default="free", description="enforced: every order is checked for terms, one without a quote for price floors"
    )
