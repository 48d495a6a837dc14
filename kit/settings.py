"""Settings that every process of a service reads from the environment (prefix CRMESH_)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.calendar import require_country

DEVELOPMENT_SECRET = "development"
SECRET_LENGTH = 32


class ForeignEnvironment(Exception):
    """CRMESH_SERVICE names another service: the address and the secret in this environment are that one's."""


class UnsafeSettings(Exception):
    """A setting that is fit for development only, in a process that is not development; or one that would protect
    nothing."""


class ServiceSettings(BaseSettings):
    """Common settings; a service adds its own and its database address."""

    model_config = SettingsConfigDict(env_prefix="CRMESH_", extra="ignore")

    env: str = Field(default="production", validation_alias="ENV")
    service: str = ""
    postgres: str = Field(default="postgresql://crmesh@127.0.0.1:5432/", description="server; the database is added")
    postgres_sslmode: Literal["", "disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        default="", description="as libpq has it; empty: what the address says"
    )
    postgres_ca: str = Field(default="", description="file with the authorities that sign PostgreSQL's certificate")
    postgres_cert: str = Field(default="", description="file with the certificate of this process")
    postgres_key: str = Field(default="", description="file with its key")
    database: str = Field(default="", description="name of the service's database; crmesh_<service> when empty")
    bus: Literal["kafka", "embedded"] = "kafka"
    kafka: str = Field(default="127.0.0.1:9092", description="bootstrap servers")
    kafka_tls: bool = Field(default=False, description="brokers are reached by TLS, under names of their certificates")
    kafka_ca: str = Field(default="", description="file with the authorities that sign them; the system's when empty")
    kafka_cert: str = Field(default="", description="file with the certificate of this process")
    kafka_key: str = Field(default="", description="file with its key")
    kafka_user: str = Field(default="", description="login by SCRAM-SHA-512")
    kafka_password: SecretStr = SecretStr("")
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

    @model_validator(mode="after")
    def _reaches_its_servers(self) -> Self:
        """What would be left out silently is refused: a login without TLS, a certificate without its key."""
        if bool(self.kafka_cert) != bool(self.kafka_key) or bool(self.postgres_cert) != bool(self.postgres_key):
            raise UnsafeSettings("a certificate and its key (CRMESH_KAFKA_CERT, CRMESH_POSTGRES_CERT) go together")
        if bool(self.kafka_user) != bool(self.kafka_password.get_secret_value()):
            raise UnsafeSettings("CRMESH_KAFKA_USER and CRMESH_KAFKA_PASSWORD go together")
        if (self.kafka_user or self.kafka_ca or self.kafka_cert) and not self.kafka_tls:
            raise UnsafeSettings("a login or a certificate for Kafka needs CRMESH_KAFKA_TLS=true")
        if (self.postgres_ca or self.postgres_cert) and not self.postgres_sslmode:
            raise UnsafeSettings("CRMESH_POSTGRES_CA needs CRMESH_POSTGRES_SSLMODE=verify-full")
        return self

    def require_safe(self) -> None:
        """Raises UnsafeSettings outside development and test for a secret that everybody knows or may guess: it signs
        cursors, hides personal values in the audit log and seals it. An unset ENV means production. Raises
        UnknownCountry for a calendar that there is not. Everywhere for a file that there is not: what connects names
        none."""
        require_country(self.calendar_country)
        for name in ("postgres_ca", "postgres_cert", "postgres_key", "kafka_ca", "kafka_cert", "kafka_key"):
            if (file := getattr(self, name)) and not Path(file).is_file():
                raise UnsafeSettings(f"CRMESH_{name.upper()} names {file}, and there is no such file")
        if self.env not in ("development", "test") and len(self.secret.get_secret_value()) < SECRET_LENGTH:
            raise UnsafeSettings(f"set CRMESH_SECRET to {SECRET_LENGTH} or more random characters")

    def database_name(self) -> str:
        """One database per service."""
        return self.database or f"crmesh_{self.service}"

    def server_dsn(self, database: str) -> str:
        """Address of a database on the server, with how TLS is to be used; `postgres` may carry a query
        (`postgresql:///?host=/folder`)."""
        parts = urlsplit(self.postgres)
        tls = {
            "sslmode": self.postgres_sslmode,
            "sslrootcert": self.postgres_ca,
            "sslcert": self.postgres_cert,
            "sslkey": self.postgres_key,
        }
        query = [parts.query, urlencode({name: value for name, value in tls.items() if value})]
        return urlunsplit(parts._replace(path="/" + database, query="&".join(filter(None, query))))

    def database_connect(self) -> dict[str, Any]:
        """Arguments of asyncpg.connect for the service's database."""
        return {"dsn": self.server_dsn(self.database_name())}
