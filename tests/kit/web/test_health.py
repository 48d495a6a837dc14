"""Health and figures of a worker process: a port of its own, open from its first moment to its last."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from kit.db.database import Database, DatabaseSettings
from kit.events.kafka import KafkaBus
from kit.events.worker import Worker
from kit.native.process import free_port
from kit.process import run_worker
from kit.runtime import Runtime
from kit.security.tokens import TokenVerifier, http_jwks
from kit.telemetry.metrics import HttpMetrics, Metrics, render
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness
from kit.web.health import health_routes, is_well, served
from services.risk.subscriptions import subscriptions
from services.risk.worker import create_worker

PATHS = ("/livez", "/readyz", "/startupz", "/metrics")


@asynccontextmanager
async def running_worker(
    runtime: Runtime, gate: asyncio.Event | None = None, began: asyncio.Event | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A worker process's work in this process; it is told to end by a signal, and drains until `gate` is set.
    `began` is set when it starts to work."""

    class Worked(Worker):
        async def run(self, stop: asyncio.Event) -> None:
            if began is not None:
                began.set()
            await super().run(stop)
            if gate is not None:
                await gate.wait()

    runtime.verifier = TokenVerifier("", "", http_jwks("http://127.0.0.1:1/keys"))  # answers no requests, needs no keys
    running = asyncio.create_task(run_worker(runtime, lambda given: Worked(given, subscriptions, {})))
    url = f"http://127.0.0.1:{runtime.settings.ops_port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            await until(client, "/livez", 200)
            yield client
    finally:
        if not running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 30)


async def until(client: httpx.AsyncClient, path: str, status: int) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            answer = await client.get(path)
            if answer.status_code == status:
                return answer.text
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{path} is not {status}"
        await asyncio.sleep(0.02)


async def test_a_worker_waits_for_its_tables(postgres_server: TestServer) -> None:
    began, port = asyncio.Event(), free_port()

    async def stand_at(risk: ServiceHarness, revision: str) -> str:
        async with risk.runtime.db.transaction() as tx:
            before = str(await tx.fetchval("SELECT version_num FROM alembic_version"))
            await tx.execute("UPDATE alembic_version SET version_num = $1", revision)
        return before

    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=port) as risk:
        newest = await stand_at(risk, "0000")
        async with running_worker(risk.runtime, began=began) as client:
            assert await until(client, "/startupz", 503) == "migrations pending"
            await asyncio.sleep(1.5)
            assert not began.is_set()
            assert (await client.get("/livez")).status_code == 200, "a restart would not help"
            await stand_at(risk, newest)
            await asyncio.wait_for(began.wait(), 20)
            await until(client, "/startupz", 200)


async def test_a_worker_that_waits_for_its_tables_ends_when_told(postgres_server: TestServer) -> None:
    port = free_port()
    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=port) as risk:
        async with risk.runtime.db.transaction() as tx:
            await tx.execute("UPDATE alembic_version SET version_num = '0000'")
        async with running_worker(risk.runtime) as client:
            await until(client, "/startupz", 503)


async def test_a_worker_waits_for_a_log_that_cannot_be_reached(
    postgres_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, is_back = asyncio.Event(), asyncio.Event()
    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=free_port()) as risk:
        away, ensure = KafkaBus(f"127.0.0.1:{free_port()}", "test"), risk.runtime.bus.ensure_topics

        async def ensure_topics(topics: Sequence[str]) -> None:
            await (ensure(topics) if is_back.is_set() else away.ensure_topics(topics))

        monkeypatch.setattr(risk.runtime.bus, "ensure_topics", ensure_topics)
        async with running_worker(risk.runtime, began=began) as client:
            await until(client, "/startupz", 200)
            await asyncio.sleep(1.5)
            assert not began.is_set()
            assert (await client.get("/livez")).status_code == 200
            is_back.set()
            await asyncio.wait_for(began.wait(), 20)


async def test_a_worker_that_waits_for_the_log_ends_when_told(postgres_server: TestServer) -> None:
    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=free_port()) as risk:
        risk.runtime.bus = KafkaBus(f"127.0.0.1:{free_port()}", "test")
        async with running_worker(risk.runtime) as client:
            await until(client, "/startupz", 200)


async def test_a_worker_answers_on_its_own_port_until_it_has_drained(postgres_server: TestServer) -> None:
    gate, port = asyncio.Event(), free_port()
    async with service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=port) as risk:
        async with running_worker(risk.runtime, gate) as client:
            await until(client, "/readyz", 200)
            assert [(await client.get(path)).status_code for path in PATHS] == [200] * 4
            exposed = await client.get("/metrics")
            assert exposed.headers["content-type"].startswith("text/plain; version=0.0.4")
            names = {family.name for family in text_string_to_metric_families(exposed.text)}
            assert {"crmesh_outbox_unpublished_events", "process_resident_memory_bytes"} <= names
            os.kill(os.getpid(), signal.SIGTERM)
            assert await until(client, "/readyz", 503) == "draining"
            assert (await client.get("/livez")).status_code == 200
            gate.set()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_worker_without_its_database_lives_but_is_not_ready(postgres_server: TestServer) -> None:
    away = Database(DatabaseSettings({"dsn": "postgresql://nobody@127.0.0.1:1/none"}))
    async with (
        service_harness(postgres_server, "risk", ops_host="127.0.0.1", ops_port=free_port()) as risk,
        running_worker(risk.runtime) as client,
    ):
        await until(client, "/readyz", 200)
        working, risk.runtime.db = risk.runtime.db, away
        assert await until(client, "/readyz", 503) == "database unreachable"
        assert await until(client, "/startupz", 503) == "database unreachable"
        assert (await client.get("/livez")).status_code == 200
        risk.runtime.db = working


async def test_the_consumers_watchdog_fails_livez(postgres_server: TestServer) -> None:
    async with service_harness(postgres_server, "risk") as risk:
        worker = create_worker(risk.runtime)
        assert await worker.livez() == ""
        worker.consumers[0].last_beat -= 121
        assert await worker.livez() == "consumer stuck"
        worker.consumers[0].last_beat = time.monotonic()
        worker.consumers[0].stalls = 3
        assert await worker.livez() == "consumer stuck"


async def test_port_0_serves_nothing_and_a_taken_port_is_an_error() -> None:
    async with served([], "127.0.0.1", 0):
        pass
    port = free_port()
    routes = health_routes(is_well, is_well, is_well, [])
    async with served(routes, "127.0.0.1", port):
        with pytest.raises(OSError, match="in use"):
            async with served(routes, "127.0.0.1", port):
                pass


def test_registries_of_one_process_are_shown_as_one_document() -> None:
    first, second, edge = Metrics("customer"), Metrics("risk"), HttpMetrics("gateway")
    first.lag("core", 1, 0.0)
    second.lag("core", 2, 7.5)
    edge.observe_request("GET", "/v1/orders", 200, 0.1)
    second.observe_request("GET", "/v1/credit-profiles", 200, 0.1)
    text = render([first, second, edge]).decode()
    assert text.count("# TYPE crmesh_consumer_lag_records gauge") == 1
    assert text.count("# TYPE crmesh_http_requests_total counter") == 1
    families = {family.name: family for family in text_string_to_metric_families(text)}
    lags = {sample.labels["service"]: sample.value for sample in families["crmesh_consumer_lag_records"].samples}
    assert lags == {"customer": 1, "risk": 2}
    assert "process_cpu_seconds" in families
