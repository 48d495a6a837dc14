"""What a process of a service holds: settings, database, event bus, token verifier, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kit.db.database import Database
from kit.events.bus import EventBus
from kit.security.tokens import TokenVerifier
from kit.settings import ServiceSettings

if TYPE_CHECKING:
    from kit.telemetry.metrics import Metrics


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
