"""Settings of the risk service."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field

from kit.money import MAX_AMOUNT
from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables with the prefix CRMESH_."""

    service: str = "risk"
    default_credit_limit: int = Field(
        default=50_000_00, ge=0, le=MAX_AMOUNT, description="limit of a new account, minor units of the base currency"
    )


@lru_cache(maxsize=1)
def default_credit_limit() -> int:
    """The policy's limit of a new account; event handlers have no runtime and read it once from the environment."""
    return Settings().default_credit_limit
