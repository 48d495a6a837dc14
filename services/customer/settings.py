"""Settings of the customer service."""

from __future__ import annotations

from kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables with the prefix CRMESH_."""

    service: str = "customer"
