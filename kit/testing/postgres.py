"""The PostgreSQL of a test run, and fresh databases made from a template."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import asyncpg

ENVIRONMENT: Final = "CRMESH_POSTGRES"
IN_USE_RETRIES: Final = 50


@dataclass(frozen=True, slots=True)
class TestServer:
    """A running server that tests may make databases on; `host` is a name or the folder of a unix socket."""

    # the name is no test class: pytest would try to collect it
    __test__ = False

    host: str
    port: int
    user: str
    password: str | None = None

    def connect_args(self, database: str = "postgres") -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect` and `create_pool`."""
        arguments = {"host": self.host, "port": self.port, "user": self.user, "database": database}
        return arguments | ({"password": self.password} if self.password else {})

    def dsn(self, database: str = "postgres") -> str:
        """Connection string for `asyncpg`."""
        user = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        if self.host.startswith("/"):
            socket = f"?host={quote(self.host, safe='')}&port={self.port}"
            return f"postgresql://{user}@/{quote(database, safe='')}{socket}"
        return f"postgresql://{user}@{self.host}:{self.port}/{quote(database, safe='')}"


def parse_server(url: str) -> TestServer:
    """`postgresql://user[:password]@host[:port]/` as given in CRMESH_POSTGRES."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname:
        raise ValueError(f"{ENVIRONMENT} must look like postgresql://user@host:port/")
    password = unquote(parts.password) if parts.password else None
    return TestServer(parts.hostname, parts.port or 5432, unquote(parts.username or "postgres"), password)


def unique_name(prefix: str = "test") -> str:
    """A database (or topic) name that no other run on the same server uses."""
    return f"{prefix}_{secrets.token_hex(6)}"


async def create_database(server: TestServer, name: str, template: str | None = None) -> str:
    """Make database `name`, a copy of `template` if given (nobody may be connected to it); returns `name`.

    Waits a few seconds for the last session of the template to end, then raises `ObjectInUseError`.
    """
    connection = await asyncpg.connect(**server.connect_args())
    try:
        for attempt in range(IN_USE_RETRIES + 1):
            try:
                await connection.execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE {_quoted(template or 'template1')}")
            except asyncpg.ObjectInUseError:
                if attempt == IN_USE_RETRIES:
                    raise
                await asyncio.sleep(0.1)
            else:
                return name
    finally:
        await connection.close()
    return name


async def drop_database(server: TestServer, name: str) -> None:
    """Remove database `name` if it exists, ending its sessions."""
    connection = await asyncpg.connect(**server.connect_args())
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
