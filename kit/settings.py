"""Settings that every process of a service reads from the environment (prefix CRMESH_)."""

from __future__ import annotations

from typing import Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.calendar import require_country

DEVELOPMENT_SECRET = "development"
SECRET_LENGTH = 32


class ForeignEnvironment(Exception):
    """CRMESH_SERVICE names another service: the address and the secret in this environment are that one's."""


class UnsafeSettings(Exception):
    """A setting that is fit for development only, in a process that is not development."""


class ServiceSettings(BaseSettings):
    """Common settings; a service adds its own and its database address."""

    model_config = SettingsConfigDict(env_prefix="CRMESH_", extra="ignore")

    env: str = Field(default="production", validation_alias="ENV")
    service: str = ""
    postgres: str = Field(default="postgresql://crmesh@127.0.0.1:5432/", description="server; the database is added")
    database: str = Field(default="", description="name of the service's database; crmesh_<service> when empty")
    bus: Literal["kafka", "embedded"] = "kafka"
    kafka: str = Field(default="127.0.0.1:9092", description="bootstrap servers")
    base_currency: str = Field(default="USD", min_length=3, max_length=3)
    timezone: str = "Asia/Shanghai"
    calendar_country: str = Field(
        default="CN", description="whose public holidays rest (ISO 3166, CN or DE-BY); empty: Monday to Friday work"
    )
    issuer: str = "http://127.0.0.1:8000"
    audience: str = "crmesh"
    jwks_url: str = "http://127.0.0.1:8000/.well-known/jwks.json"
    secret: SecretStr = Field(default=SecretStr(DEVELOPMENT_SECRET), description="signs cursors and keys hashes")
    keys: SecretStr = Field(
        default=SecretStr(""), description="wrap the data keys of persons: id:base64,..., current first"
    )
    index_keys: SecretStr = Field(
        default=SecretStr(""), description="of blind indexes: 1:base64, or 1 and 2 in a change"
    )
    identity_key: SecretStr = Field(
        default=SecretStr(""), description="of the hashes by which services recognise one company; never changed"
    )
    pool_writers: int = 4
    pool_readers: int = 3
    ops_host: str = Field(default="0.0.0.0", description="where a worker answers for its health and figures")
    ops_port: int = Field(default=9100, ge=0, le=65535, description="of a worker's health and figures; 0 is none")
    host: str = Field(default="127.0.0.1", description="where an api listens")
    port: int = Field(default=8000, ge=1, le=65535)
    audit_from: int = Field(
        default=1, ge=1, le=2**63 - 1, description="row of the audit log at which workers begin to look back"
    )
    drain_seconds: int = Field(default=0, ge=0, le=120, description="how long an api told to end still answers")
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _is_own(self) -> Self:
        name = type(self).model_fields["service"].default
        if name not in ("", self.service):
            raise ForeignEnvironment(
                f"this environment is that of {self.service} (CRMESH_SERVICE), with its address and its secret, not of "
                f"{name}: run the command in a process of {name}"
            )
        return self

    def require_safe(self) -> None:
        """Raises UnsafeSettings outside development and test for a secret that everybody knows or may guess: it signs
        cursors, hides personal values in the audit log and seals it. An unset ENV means production. Raises
        UnknownCountry for a calendar that there is not."""
        require_country(self.calendar_country)
        if self.env not in ("development", "test") and len(self.secret.get_secret_value()) < SECRET_LENGTH:
            raise UnsafeSettings(f"set CRMESH_SECRET to {SECRET_LENGTH} or more random characters")

    def database_name(self) -> str:
        """One database per service."""
        return self.database or f"crmesh_{self.service}"

    def server_dsn(self, database: str) -> str:
        """Address of a database on the server; `postgres` may carry a query (`postgresql:///?host=/folder`)."""
        parts = urlsplit(self.postgres)
        return urlunsplit(parts._replace(path="/" + database))

    def database_connect(self) -> dict[str, Any]:
        """Arguments of asyncpg.connect for the service's database."""
        return {"dsn": self.server_dsn(self.database_name())}
