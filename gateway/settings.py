"""Settings of the gateway: environment variables CRMESH_*, and ENV."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """Read from the environment; arguments take precedence."""

    model_config = SettingsConfigDict(env_prefix="CRMESH_", populate_by_name=True, extra="ignore")

    env: str = Field(default="production", validation_alias=AliasChoices("CRMESH_ENV", "ENV"))
    data_dir: Path = Path("var")
    issuer_url: str = "http://127.0.0.1:8000"
    audience: str = "crmesh"
    jwks_url: str | None = None
    signing_algorithm: str = "ES256"

    token_lifetime_seconds: int = Field(default=3600, ge=10, le=86_400)
    dev_client_secret: SecretStr = SecretStr("crmesh-development")

    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    upstream_connect_seconds: float = Field(default=2.0, gt=0)
