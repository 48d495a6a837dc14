"""The system as it runs in production, on this machine: PostgreSQL (durable), Kafka, every process of its own.

Not a figure: other scripts use it. Everything started is stopped, and its data removed, when the block ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from cli.load.cdnow import SELLERS
from cli.load.client import DEVELOPMENT_SECRET, Api, connected
from cli.load.loader import settled
from cli.load.organisation import MOVED_SELLER, Organisation, set_up
from kit.db.database import DatabaseSettings
from kit.db.migrate import upgrade
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart

SERVICES = ("customer", "targets", "channels", "risk")
API_PROCESSES = {"customer": 2, "targets": 1, "channels": 1, "risk": 1}
GATEWAY_PROCESSES = 2
BATCH = 1000
UVICORN = (
    *("--loop", "uvloop", "--no-access-log", "--log-level", "warning"),
    *("--timeout-worker-healthcheck", "60"),
)


@dataclass
class Started:
    """A process of the system; `url` when it answers HTTP."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    def cpu_seconds(self) -> float:
        """Processor time of the process and of the workers it has now."""
        return tree_cpu(self.process.pid)

    def stop(self) -> None:
        """SIGTERM, then by force; nothing of its group stays."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def tree_cpu(pid: int) -> float:
    """User and system seconds of a process and its living descendants."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            times = process.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        pass
    return total


@dataclass
class Servers:
    """The infrastructure and the processes started on it."""

    folder: Path
    postgres: EmbeddedPostgres
    kafka: NativeKafka | None
    gateway_port: int = field(default_factory=free_port)
    running: dict[str, Started] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVICES})

    @property
    def url(self) -> str:
        """The gateway."""
        return f"http://127.0.0.1:{self.gateway_port}"

    def service_url(self, service: str) -> str:
        """The api of a service."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def database(self, name: str) -> dict[str, Any]:
        """Arguments of asyncpg.connect."""
        return {"dsn": f"{self.postgres.tcp_dsn()}{name}"}

    def environment(self, **more: str) -> dict[str, str]:
        """Settings of every process, as `.env.example` names them."""
        settings = {
            "ENV": "development",
            "CRMESH_POSTGRES": self.postgres.tcp_dsn(),
            "CRMESH_BUS": "kafka" if self.kafka else "embedded",
            "CRMESH_KAFKA": self.kafka.bootstrap if self.kafka else "",
            "CRMESH_ISSUER": self.url,
            "CRMESH_ISSUER_URL": self.url,
            "CRMESH_JWKS_URL": f"{self.url}/.well-known/jwks.json",
            "CRMESH_SECRET": "benchmark",
            "CRMESH_OPS_PORT": "0",  # the workers share a machine
            "CRMESH_DEFAULT_CREDIT_LIMIT": str(10**12),
            "CRMESH_DATA_DIR": str(self.folder / "gateway"),
            "CRMESH_PORT": str(self.gateway_port),
            "CRMESH_RATE_LIMIT_PER_SECOND": "1000000",  # one principal sends everything here
            **{f"CRMESH_UPSTREAM_{name.upper()}": self.service_url(name) for name in SERVICES},
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        }
        return {**os.environ, **settings, **more}

    def start(
        self, name: str, command: Sequence[str], *, url: str = "", environment: Mapping[str, str] | None = None
    ) -> Started:
        """Run `python COMMAND` in a session of its own; waits for /livez when it has a URL."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, *command],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=dict(environment or self.environment()),
            )
        started = self.running[name] = Started(name, process, log, url)
        return started

    def wait(self, *names: str, path: str = "/livez", seconds: float = 300) -> None:
        """Wait until processes answer; fails when one ends or is late."""
        deadline = time.monotonic() + seconds
        for name in names:
            one = self.running[name]
            while True:
                if one.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} is not ready:\n{one.log.read_text(errors='replace')[-4000:]}")
                try:
                    if httpx.get(one.url + path, timeout=2).status_code < 500:
                        break
                except httpx.HTTPError:
                    time.sleep(0.05)

    def start_api(self, service: str, *, name: str = "", port: int = 0, processes: int = 0, **more: str) -> Started:
        """The api of a service by uvicorn; `more` are settings of its own."""
        port = port or self.ports[service]
        count = processes or API_PROCESSES[service]
        factory = ("--factory", f"services.{service}.app:from_environment")
        protocol = ("--http", "kit.web.protocol:CorkedProtocol")
        command = ["-m", "uvicorn", *factory, *protocol, "--port", str(port), "--workers", str(count), *UVICORN]
        url = f"http://127.0.0.1:{port}"
        return self.start(name or f"{service}-api", command, url=url, environment=self.environment(**more))

    def start_worker(self, service: str) -> Started:
        """The worker of a service."""
        return self.start(f"{service}-worker", ["-m", f"services.{service}.worker"])

    def start_gateway(self) -> Started:
        """The gateway with its processes."""
        settings = self.environment()
        del settings["CRMESH_JWKS_URL"]  # without it the development issuer serves
        command = ["-m", "gateway.main", "--workers", str(GATEWAY_PROCESSES)]
        return self.start("gateway", command, url=self.url, environment=settings)

    def start_all(self, *, workers: bool = True) -> None:
        """Everything; returns when all of it answers."""
        self.start_gateway()
        for service in SERVICES:
            self.start_api(service)
            if workers:
                self.start_worker(service)
        self.wait("gateway", *(f"{service}-api" for service in SERVICES))

    def stop(self, *names: str) -> None:
        """Stop processes by name, all of them without a name; gateway and apis before workers."""
        chosen = list(names or self.running)
        for name in sorted(chosen, key=lambda one: one.endswith("-worker")):
            if name in self.running:
                self.running.pop(name).stop()

    def token(self, principal: str = "admin") -> str:
        """A bearer token of a demo principal."""
        form = {"grant_type": "client_credentials", "client_id": principal, "client_secret": DEVELOPMENT_SECRET}
        answer = httpx.post(f"{self.url}/oauth/token", data=form, timeout=30).raise_for_status()
        return str(answer.json()["access_token"])

    def database_cpu(self) -> float:
        """Processor seconds of PostgreSQL (of the sessions that still live)."""
        return tree_cpu(self.postgres._require_running().process.pid)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def infrastructure(*, kafka: bool = True) -> Iterator[Servers]:
    """PostgreSQL with the migrated databases of all services, and Kafka."""
    folder = make_folder("infra")
    postgres = EmbeddedPostgres(folder / "postgres", tcp_port=free_port(), max_connections=200)
    broker = NativeKafka(folder / "kafka") if kafka else None
    former = signal.signal(signal.SIGTERM, _interrupt)
    servers = Servers(folder, postgres, broker)
    try:
        run_apart(_prepare(servers))
        yield servers
    finally:
        servers.stop()
        run_apart(_destroy(servers))
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, former)


async def _prepare(servers: Servers) -> None:
    starting = [servers.postgres.start()]
    if servers.kafka is not None:
        starting.append(servers.kafka.start())
    await asyncio.gather(*starting)
    for service in SERVICES:
        await servers.postgres.ensure_database(f"crmesh_{service}")
        connect = servers.database(f"crmesh_{service}")
        await upgrade(service, DatabaseSettings(connect=connect, name=service))


async def _destroy(servers: Servers) -> None:
    await servers.postgres.destroy()
    if servers.kafka is not None:
        await servers.kafka.destroy()


@contextmanager
def system(*, workers: bool = True) -> Iterator[Servers]:
    """The whole system, running."""
    with infrastructure() as servers:
        servers.start_all(workers=workers)
        yield servers


@dataclass(frozen=True, slots=True)
class Filled:
    """Ids of what `fill` made, in the order of making; `seller(n)` owns account n."""

    organisation: Organisation
    accounts: list[str]
    orders: list[str]

    def seller_of(self, number: int) -> str:
        """Id of the owner of an account."""
        return self.organisation.seller(number % SELLERS)

    def of_north(self) -> list[str]:
        """Accounts that `manager-north` sees: those of sellers with an even number who have not moved away."""
        return [one for n, one in enumerate(self.accounts) if n % SELLERS % 2 == 0 and n % SELLERS != MOVED_SELLER]


async def fill(api: Api, accounts: int, orders: int, *, settle: bool = True) -> Filled:
    """The demo organisation, then accounts and placed orders through the batch endpoints."""
    organisation = await set_up(api)
    await settled(api)
    rows: list[dict[str, Any]] = [account_body(organisation, number) for number in range(accounts)]
    made = await send(api, "/v1/accounts/batch", rows)
    if settle:
        await settled(api)
    filled = Filled(organisation, made, [])
    placed = await send(api, "/v1/orders/batch", [order_row(filled, number) for number in range(orders)])
    if settle:
        await settled(api)
    return Filled(organisation, made, placed)


def account_body(organisation: Organisation, number: int) -> dict[str, Any]:
    """An account as the batch endpoint takes it."""
    return {
        "kind": "organization",
        "name": f"Customer {number:07d}",
        "region": "CN-SH",
        "business_type": "retail",
        "owner_id": organisation.seller(number % SELLERS),
        "external_ids": {"bench": str(number)},
    }


def order_body(account: str) -> dict[str, Any]:
    """An order of one line."""
    line = {"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000, "discount": 1, "tax_rate": 130_000}
    return {"account_id": account, "currency": "USD", "lines": [line]}


def order_row(filled: Filled, number: int) -> dict[str, Any]:
    """An order as the batch endpoint takes it, placed at once: through a partner, in the time of its programme."""
    return {
        **order_body(filled.accounts[number % len(filled.accounts)]),
        "external_id": {"source": "bench", "id": str(number)},
        "partner_id": filled.organisation.partners[number % len(filled.organisation.partners)],
        "order_date": "1998-05-15",
        "place": True,
    }


async def send(api: Api, path: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Send rows in batches; every row must go in. Returns the ids."""
    ids: list[str] = []
    for start in range(0, len(rows), BATCH):
        answer = await api.post(path, {"rows": rows[start : start + BATCH]})
        if answer["problems"]:
            raise RuntimeError(f"{path}: {next(row for row in answer['results'] if row['status'] == 'problem')}")
        ids += [row["id"] for row in answer["results"]]
    return ids


def fill_system(servers: Servers, accounts: int, orders: int, *, settle: bool = True) -> Filled:
    """`fill` through the gateway."""

    async def work() -> Filled:
        async with connected(servers.url) as api:
            return await fill(api, accounts, orders, settle=settle)

    return run_apart(work())


def wait_settled(servers: Servers) -> None:
    """Until no service has anything left to send or to apply."""

    async def work() -> None:
        async with connected(servers.url) as api:
            await settled(api)

    run_apart(work())
