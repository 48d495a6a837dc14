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
    upstream_max_in_flight: int = Field(default=256, ge=1)
    rate_limit_per_second: int = Field(default=5000, ge=0, description="of each principal; 0 is no limit")
    public_limit_per_minute: int = Field(
        default=120, ge=0, description="without a bearer token: of each address, and for each form; 0 is no limit"
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=10, description="how many proxies in front add the caller's address to X-Forwarded-For"
    )
    cors_origins: str = Field(default="", description="comma-separated; * is every one, empty turns CORS off")
    compress_min_bytes: int = Field(default=8192, ge=0, description="of JSON; 0 never compresses")
    access_log: bool = True

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    drain_seconds: int = Field(default=0, ge=0, le=120, description="how long it still answers when told to end")
    log_level: str = "INFO"
    upstream_customer: str = "http://127.0.0.1:8001"
    upstream_targets: str = "http://127.0.0.1:8002"
    upstream_channels: str = "http://127.0.0.1:8003"
    upstream_risk: str = "http://127.0.0.1:8004"

    def upstreams(self) -> dict[str, str]:
        """Base URL of every service's api process."""
        return {
            "customer": self.upstream_customer,
            "targets": self.upstream_targets,
            "channels": self.upstream_channels,
            "risk": self.upstream_risk,
        }
