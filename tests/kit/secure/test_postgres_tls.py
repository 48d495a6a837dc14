"""PostgreSQL by verify-full: everything works, and what is wrong is refused and said."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.tools.manifests import overlay
from kit.db.database import DatabaseSettings
from kit.db.migrate import is_current, upgrade
from kit.doctor.database import check_server, check_service
from kit.events.bus import BusUnavailable, Message
from kit.native.pgfiles import relocated_folder, server_user
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.runtime import make_bus, make_runtime
from kit.settings import ServiceSettings
from kit.testing.native import make_folder, run_apart
from kit.web.health import ServiceHealth
from tests.deploy.test_pages import certified
from tests.kit.secure.authority import Authority
from tests.kit.secure.pods import Secrets, started

PASSWORD = "s3cret & more"
ACCESS = """
local all postgres,proven trust
local all risk scram-sha-256
"""
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""What a client sends first when it wants TLS; the server answers S."""


@dataclass(frozen=True)
class Secured:
    """A server that is reached by TLS alone, at localhost:`port`; `other` did not sign its certificate."""

    port: int
    ours: Authority
    other: Authority

    def settings(self, **changes: Any) -> ServiceSettings:
        """Of a service that may come in."""
        return ServiceSettings(
            **{
                "service": "risk",
                "bus": "embedded",
                "postgres": f"postgresql://risk:s3cret%20%26%20more@localhost:{self.port}/",
                "postgres_sslmode": "verify-full",
                "postgres_ca": str(self.ours.ca),
                **changes,
            }
        )


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    folder, user = make_folder("postgres"), server_user()
    access = relocated_folder(folder, user) / "access.conf"
    access.write_text(ACCESS)
    access.chmod(0o644)
    made = EmbeddedPostgres(folder, fast=True, settings={"hba_file": str(access)})
    try:
        run_apart(made.start())
        run_apart(prepare(made))
        yield made
    finally:
        run_apart(made.destroy())


@pytest.fixture
async def secured(server: EmbeddedPostgres, tmp_path: Path) -> AsyncIterator[Secured]:
    """The embedded server is built without TLS: it is spoken by what stands in front, as a pooler does."""
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ours.ca)
    context.load_cert_chain(*ours.issue("localhost"))
    context.verify_mode = ssl.CERT_OPTIONAL
    where = server.connect_args("postgres")
    behind = f"{where['host']}/.s.PGSQL.{where['port']}"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if await reader.readexactly(len(SSL_REQUEST)) == SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(context)
                inner_reader, inner_writer = await asyncio.open_unix_connection(behind)
                start = await reader.readuntil(b"\0database\0")
                if b"\0user\0proven\0" not in start or writer.get_extra_info("peercert"):
                    inner_writer.write(start)
                    await asyncio.gather(pipe(reader, inner_writer), pipe(inner_reader, writer))
                inner_writer.close()
        writer.close()

    async with await asyncio.start_server(serve, "localhost", port := free_port()):
        yield Secured(port, ours, other)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


async def prepare(server: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(**server.connect_args("postgres"))
    await connection.execute(f"CREATE ROLE risk LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE proven LOGIN IN ROLE risk")
    for database in ("crmesh_risk", "crmesh_log"):
        await connection.execute(f"CREATE DATABASE {database} OWNER risk")
    await connection.close()


async def test_every_connection_of_a_service_gets_in(secured: Secured) -> None:
    settings = secured.settings()
    database = DatabaseSettings(connect=settings.database_connect(), name="risk")
    assert await upgrade("risk", database)
    assert await is_current("risk", database)
    runtime, bus = make_runtime(settings), make_bus(settings, "test")
    try:
        async with runtime.db.transaction() as tx:
            assert await tx.fetchval("SELECT current_user") == "risk"
        health = ServiceHealth(runtime, answers_requests=False)
        assert (await health.readyz(), await health.startupz()) == ("", "")
        await bus.start()
        await bus.ensure_topics(["t"])
        await bus.publish("t", [Message("key", b"fact", ())])
        assert sum(end for _first, end in (await bus.bounds("t")).values()) == 1
    finally:
        await bus.stop()
        await runtime.db.stop()
    first, *_ = await check_server(settings.database_connect(), 0)
    assert first.level == "ok"
    assert all(each.check != "database" for each in await check_service("risk", database))


async def test_a_certificate_takes_the_place_of_a_password(secured: Secured) -> None:
    cert, key = secured.ours.issue("proven")
    address = f"postgresql://proven@localhost:{secured.port}/"
    with pytest.raises((OSError, asyncpg.PostgresConnectionError)):
        await asyncpg.connect(**secured.settings(postgres=address).database_connect())
    settings = secured.settings(postgres=address, postgres_cert=str(cert), postgres_key=str(key))
    connection = await asyncpg.connect(**settings.database_connect())
    assert await connection.fetchval("SELECT current_user") == "proven"
    await connection.close()


@pytest.mark.parametrize("way", ["password", "certificate"])
async def test_a_pod_of_the_overlay_gets_in_by_its_secrets(secured: Secured, tmp_path: Path, way: str) -> None:
    """As rendered: what it is given is enough, and it holds to the authority of its Secret and the server's name."""
    objects = overlay("external") if way == "password" else certified(tmp_path)
    user = "risk:s3cret%20%26%20more" if way == "password" else "proven"
    cert, key = secured.ours.issue("proven")
    certificate = {"tls.crt": cert, "tls.key": key}
    for host, ca, reason in (
        ("localhost", secured.ours.ca, ""),
        ("127.0.0.1", secured.ours.ca, "IP address mismatch"),
        ("localhost", secured.other.ca, "certificate verify failed"),
    ):
        secrets: Secrets = {
            "risk-secrets": {
                "CRMESH_POSTGRES": f"postgresql://{user}@{host}:{secured.port}/",
                "CRMESH_SECRET": "s" * 64,
            },
            "risk-certificate": certificate,
            "authorities": {"postgres.crt": ca},
        }
        settings = started(tmp_path / f"{host}{bool(reason)}", objects, "risk-worker", secrets)
        assert (settings.service, settings.postgres_sslmode) == ("risk", "verify-full")
        if reason:
            with pytest.raises(ssl.SSLError, match=reason):
                await asyncpg.connect(**settings.database_connect())
            continue
        connection = await asyncpg.connect(**settings.database_connect())
        assert await connection.fetchval("SELECT current_user") == user.partition(":")[0]
        await connection.close()


def wrong(secured: Secured, what: str) -> ServiceSettings:
    address = f"postgresql://risk:s3cret%20%26%20more@{{}}:{secured.port}/"
    return {
        "authority": lambda: secured.settings(postgres_ca=str(secured.other.ca)),
        "name": lambda: secured.settings(postgres=address.format("127.0.0.1")),
        "password": lambda: secured.settings(postgres=f"postgresql://risk:wrong@localhost:{secured.port}/"),
        "plain": lambda: secured.settings(postgres_sslmode="disable"),
    }[what]()


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("authority", "certificate verify failed"),
        ("name", "IP address mismatch, certificate is not valid for"),
        ("password", "password authentication failed"),
        ("plain", "connection was closed"),
    ],
)
async def test_what_is_wrong_is_refused_and_said(
    secured: Secured, what: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = wrong(secured, what)
    runtime = make_runtime(settings)
    health = ServiceHealth(runtime, answers_requests=False)
    for _ in range(3):
        assert await health.readyz() == "database unreachable"
        assert await health.startupz() == "database unreachable"
    printed = capsys.readouterr()
    said = printed.out + printed.err
    assert said.count("database_unreachable") == 1, "once, not with every probe"
    assert reason in said
    await runtime.db.stop()
    (found,) = await check_server(settings.database_connect(), 0)
    assert found.level == "fail"
    assert reason in found.found
    bus = make_bus(settings, "test")
    with pytest.raises(BusUnavailable):
        await bus.start()
