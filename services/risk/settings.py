"""Settings of the risk service."""

from __future__ import annotations

from pydantic import Field

from kit.money import MAX_AMOUNT
from kit.settings import ServiceSettings
from kit.work import Work


class Settings(ServiceSettings):
    """Environment variables with the prefix CRMESH_."""

    service: str = "risk"
    default_credit_limit: int = Field(
        default=50_000_00, ge=0, le=MAX_AMOUNT, description="limit of a new account, minor units of the base currency"
    )


def settings_of(work: Work) -> Settings:
    """The settings of the service that a command runs in."""
    assert isinstance(work.settings, Settings)
    return work.settings
