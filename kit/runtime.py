"""What a process of a service holds: settings, database, event bus, token verifier, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from kit.db.database import Database, DatabaseSettings
from kit.events.bus import EventBus
from kit.events.envelope import dead_letter_topic_of, topic_of
from kit.security.tokens import TokenVerifier, http_jwks
from kit.settings import ServiceSettings
from kit.telemetry.metrics import Metrics

LOG_DATABASE = "crmesh_log"
"""Database of the embedded log."""


@dataclass(slots=True)
class Runtime:
    """Handed to `create_app` and `create_worker`; whoever makes it starts and stops its parts."""

    service: str
    settings: ServiceSettings
    db: Database
    bus: EventBus
    verifier: TokenVerifier
    metrics: Metrics

    @property
    def secret(self) -> bytes:
        """Key of cursors and keyed hashes."""
        return self.settings.secret.get_secret_value().encode()


def make_bus(settings: ServiceSettings, client_id: str) -> EventBus:
    """The event bus that the settings name."""
    if settings.bus == "kafka":
        from kit.events.kafka import KafkaBus
        from kit.events.kafka_access import KafkaAccess

        access = KafkaAccess(
            settings.kafka,
            tls=settings.kafka_tls,
            ca=settings.kafka_ca,
            cert=settings.kafka_cert,
            key=settings.kafka_key,
            user=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
        )
        return KafkaBus(access, client_id)
    from kit.events.embedded import EmbeddedBus

    return EmbeddedBus({"dsn": settings.server_dsn(LOG_DATABASE)})


def make_verifier(settings: ServiceSettings) -> TokenVerifier:
    """Verifier of the issuer's tokens with keys fetched by HTTP."""
    return TokenVerifier(settings.issuer, settings.audience, http_jwks(settings.jwks_url))


def make_runtime(
    settings: ServiceSettings, *, bus: EventBus | None = None, verifier: TokenVerifier | None = None
) -> Runtime:
    """The runtime of one service; nothing is connected yet."""
    database = DatabaseSettings(
        connect=settings.database_connect(),
        name=settings.service,
        writers=settings.pool_writers,
        readers=settings.pool_readers,
    )
    db, metrics = Database(database), Metrics(settings.service)
    metrics.watch_pool("writers", settings.pool_writers, db.connections_in_use)
    metrics.watch_pool("readers", settings.pool_readers, partial(db.connections_in_use, read_only=True))
    return Runtime(
        service=settings.service,
        settings=settings,
        db=db,
        bus=bus or make_bus(settings, f"crmesh-{settings.service}"),
        verifier=verifier or make_verifier(settings),
        metrics=metrics,
    )


def topics_of(service: str) -> list[str]:
    """Topics a service writes."""
    return [topic_of(service), dead_letter_topic_of(service)]
