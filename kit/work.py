"""What a command works with besides its data: one handle, whether a request, an event or a date is the cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from kit.clock import business_date
from kit.db.database import Tx
from kit.events.envelope import Event
from kit.security.principals import EVERYTHING, SYSTEM, Actor, Reach, Scope, ScopeQuery, resolve_scope, scope_query
from kit.settings import ServiceSettings


@dataclass(slots=True, kw_only=True)
class Work:
    """Handed to every command. `cause` is the event it answers, if one; `reaches` says whose records a role sees."""

    tx: Tx
    actor: Actor
    service: str
    settings: ServiceSettings
    reaches: Mapping[str, Reach] = field(default_factory=lambda: MappingProxyType({}))
    cause: Event | None = None
    known_scope: Scope | None = None
    _today: date | None = None

    @property
    def today(self) -> date:
        """The company's calendar day: of the event that is the cause, else of now, the same throughout a command."""
        if self._today is None:
            self._today = business_date(self.settings.timezone, self.cause.time if self.cause else None)
        return self._today

    @property
    def base_currency(self) -> str:
        """The company's currency."""
        return self.settings.base_currency

    @property
    def secret(self) -> bytes:
        """Key of cursors and of keyed hashes."""
        return self.settings.secret.get_secret_value().encode()

    @property
    def visible(self) -> ScopeQuery:
        """The actor's record scope as a part of a statement; the system itself sees everything."""
        return EVERYTHING if self.actor is SYSTEM else scope_query(self.actor, self.reaches, self.today)

    async def scope(self) -> Scope:
        """The actor's record scope as a value, found when it is first asked for."""
        if self.known_scope is None:
            self.known_scope = await resolve_scope(self.tx, self.visible)
        return self.known_scope

    def caused_by(self, event: Event) -> Work:
        """The same work as an answer to `event`, on its business day: what it announces names the event."""
        return Work(
            tx=self.tx,
            actor=self.actor,
            service=self.service,
            settings=self.settings,
            reaches=self.reaches,
            cause=event,
            known_scope=self.known_scope,
        )


def system_work(tx: Tx, service: str, settings: ServiceSettings) -> Work:
    """Work that no person asked for: a reaction to events, a date that was reached."""
    return Work(tx=tx, actor=SYSTEM, service=service, settings=settings)
