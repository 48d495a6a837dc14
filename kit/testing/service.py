"""One service for a test: a fresh migrated database, its HTTP application, its event door."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import orjson
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from kit import clock
from kit.db.database import DatabaseSettings, Tx
from kit.db.migrate import upgrade
from kit.events.bus import Record, TopicPartition
from kit.events.embedded import EmbeddedBus
from kit.events.envelope import Event, to_headers
from kit.events.handlers import Subscriptions, topic_of_type
from kit.events.inbox import InboxConsumer
from kit.events.partitions import partition_of
from kit.events.relay import event_of
from kit.ids import new_id
from kit.runtime import Runtime, make_runtime
from kit.security.tokens import TokenVerifier, static_jwks
from kit.testing.clean import Seed, clean, seed_of
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from kit.work import Work, system_work

ISSUER = "http://issuer.test"
AUDIENCE = "crmesh"


@lru_cache(maxsize=1)
def _key() -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": "test", "alg": "ES256", "use": "sig"})


def make_token(subject: str, *roles: str, lifetime: timedelta = timedelta(hours=1)) -> str:
    """A valid token of the test issuer."""
    now = clock.now()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "roles": list(roles),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode({"alg": "ES256", "kid": "test"}, claims, _key())


def test_verifier() -> TokenVerifier:
    """Verifier of `make_token`'s tokens."""
    return TokenVerifier(ISSUER, AUDIENCE, static_jwks({"keys": [_key().as_dict(private=False)]}))


test_verifier.__test__ = False  # type: ignore[attr-defined]  # the name is no test: pytest would try to collect it


def make_event(
    event_type: str, payload: dict[str, Any], key: object, *, subject: object | None = None, sequence: int = 1
) -> Event:
    """An event as another service would send it."""
    return Event(
        id=new_id(),
        type=event_type,
        source="/crmesh/test",
        subject=str(subject or payload.get("id") or key),
        time=clock.now(),
        key=str(key),
        sequence=sequence,
        data=orjson.dumps(payload, default=str, option=orjson.OPT_NON_STR_KEYS),
        correlation_id="test",
    )


@dataclass
class ServiceHarness:
    """Drives one service through its two doors."""

    runtime: Runtime
    app: FastAPI
    client: httpx.AsyncClient
    subscriptions: Subscriptions
    _offsets: dict[TopicPartition, int] = field(default_factory=dict)

    def forget(self) -> None:
        """The next events are the first ones."""
        self._offsets.clear()

    def headers(self, subject: str = "admin", *roles: str, **extra: str) -> dict[str, str]:
        """Authorization of a caller (an administrator by default); `If_Match=` gives `If-Match`."""
        token = make_token(subject, *(roles or ("administrator",)))
        return {"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in extra.items()}}

    async def request(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """One request, as an administrator unless `headers` say otherwise."""
        return await self.client.request(method, path, json=body, headers=headers or self.headers())

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET (see `request`)."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST (see `request`)."""
        return await self.request("POST", path, body, **options)

    async def patch(self, path: str, body: Any, version: int, **options: Any) -> httpx.Response:
        """PATCH of a version (see `request`)."""
        headers = {**(options.pop("headers", None) or self.headers()), "If-Match": f'"{version}"'}
        return await self.request("PATCH", path, body, headers=headers, **options)

    async def deliver(self, *events: Event, stop: asyncio.Event | None = None) -> None:
        """Hand events to the lanes of the service as their consumers would, in one batch; once `stop` is set what
        goes wrong is raised, not tried again."""
        polled: dict[TopicPartition, list[Record]] = {}
        for event in events:
            partition = TopicPartition(topic_of_type(event.type), partition_of(event.key))
            offset = self._offsets.get(partition, 0)
            self._offsets[partition] = offset + 1
            record = Record(
                partition.topic, partition.partition, offset, event.key, event.data, tuple(to_headers(event)), 0
            )
            polled.setdefault(partition, []).append(record)
        runtime = self.runtime
        for lane in self.subscriptions.lanes:
            consumer = InboxConsumer(runtime.db, runtime.bus, lane, runtime.settings)
            await consumer.handle(polled, stop or asyncio.Event())

    async def deliver_alone(self, event: Event) -> None:
        """One event in a transaction of its own, as if of a partition of its own: several of these may run at once."""
        async with self.transaction() as tx:
            for lane in self.subscriptions.lanes:
                if event.type in lane.handlers:
                    await lane.handle(self.work(tx), [event])

    async def published(self, *event_types: str) -> list[Event]:
        """Events of these types (all by default) that the service has announced, oldest first."""
        async with self.runtime.db.reading() as tx:
            rows = await tx.fetch("SELECT * FROM outbox WHERE topic LIKE '%.events.v1' ORDER BY id")
        return [event_of(row) for row in rows if not event_types or row["type"] in event_types]

    async def parked(self) -> list[dict[str, Any]]:
        """Events that could not be handled."""
        async with self.runtime.db.reading() as tx:
            return [dict(row) for row in await tx.fetch("SELECT * FROM parked_event ORDER BY id")]

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Rows of a query, for assertions."""
        async with self.runtime.db.reading() as tx:
            return [dict(row) for row in await tx.fetch(sql, *args)]

    def work(self, tx: Tx) -> Work:
        """What a reaction of the service works with."""
        return system_work(tx, self.runtime.service, self.runtime.settings)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """A write transaction on the service's database."""
        async with self.runtime.db.transaction() as tx:
            yield tx


_templates: dict[tuple[str, str], str] = {}


async def template_database(server: TestServer, service: str) -> str:
    """A migrated empty database of the service, made once per test run."""
    where = (f"{server.host}:{server.port}", service)
    if where not in _templates:
        name = await create_database(server, unique_name(f"template_{service}"))
        await upgrade(service, DatabaseSettings(connect=server.connect_args(name), name=service))
        _templates[where] = name
    return _templates[where]


def server_url(server: TestServer) -> str:
    """The server as ServiceSettings.postgres wants it."""
    if server.host.startswith("/"):
        return f"postgresql://{server.user}@/?host={quote(server.host, safe='')}&port={server.port}"
    password = f":{quote(server.password, safe='')}" if server.password else ""
    return f"postgresql://{server.user}{password}@{server.host}:{server.port}/"


def _room(service: str, name: str) -> Any:
    return importlib.import_module(f"services.{service}.{name}")


@asynccontextmanager
async def service_harness(server: TestServer, service: str, **settings: Any) -> AsyncIterator[ServiceHarness]:
    """The service on a fresh database; settings override those of the environment."""
    database = await create_database(server, unique_name(service), await template_database(server, service))
    given = {"ENV": "test", "bus": "embedded", "issuer": ISSUER, "audience": AUDIENCE, **settings}
    configured = _room(service, "settings").Settings(database=database, postgres=server_url(server), **given)
    bus = EmbeddedBus(server.connect_args(database))
    runtime = make_runtime(configured, bus=bus, verifier=test_verifier())
    app = _room(service, "app").create_app(runtime)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test", timeout=60) as client:
            yield ServiceHarness(runtime, app, client, _room(service, "subscriptions").subscriptions)
    finally:
        await runtime.db.stop()
        await drop_database(server, database)


@dataclass
class Turns:
    """A service whose tests come one after the other."""

    harness: ServiceHarness
    connection: asyncpg.Connection
    seed: Seed

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[ServiceHarness]:
        """The service as new for one test, whose tasks end with it; raises LeftRunning when the test has left a
        transaction open."""
        tasks = asyncio.all_tasks()
        try:
            yield self.harness
        finally:
            await self.harness.runtime.bus.stop()
            await _ended(asyncio.all_tasks() - tasks)
            self.harness.forget()
            await clean(self.connection, self.seed)


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel what a test that failed has left running."""
    left = [task for task in tasks if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@asynccontextmanager
async def shared_harness(server: TestServer, service: str, **settings: Any) -> AsyncIterator[Turns]:
    """One application and one database for the tests of a file; the rows of each are gone before the next."""
    async with service_harness(server, service, **settings) as harness:
        connection = await harness.runtime.db.connect()
        try:
            yield Turns(harness, connection, await seed_of(connection))
        finally:
            await connection.close()


def codes(problem: dict[str, Any]) -> Sequence[str]:
    """Pointers of a problem's field errors."""
    return [error["pointer"] for error in problem.get("errors", [])]
