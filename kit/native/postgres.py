"""An embedded PostgreSQL 18 from a Python wheel: no installed server, no container.

The wheel's binaries are run directly rather than through its `get_server`, which changes the mode of
every parent folder when run as root, gives a recovery 10 seconds, and warns without XDG_RUNTIME_DIR.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import psutil
import structlog

from kit.native.pgbackup import place_copy
from kit.native.pgfiles import SystemUser, binaries, relocated_folder, run_tool, server_user, socket_folder
from kit.native.process import LOOPBACK, FolderLock, NativeError, find_processes

log = structlog.get_logger(__name__)

USER: Final = "postgres"
LOG_LIMIT: Final = 10_000_000
ATTEMPTS: Final = 5
NEIGHBOURS: Final = "host all all samenet trust\n"


@dataclass(frozen=True, slots=True)
class Running:
    """What `postmaster.pid` says of a live server."""

    process: psutil.Process
    port: int
    socket_folder: Path
    status: str


class EmbeddedPostgres:
    """One server whose data lives in `folder`; reached over a unix socket, and on `host`:`tcp_port` if given.

    Over TCP every local user may connect (trust), and with another `host` than loopback all of that network: for
    development only. `fast` gives up durability (fsync off) and is for test servers only. `environment` is added to
    the server's, `settings` are more of its own. A server that an earlier process left behind (kill -9, or `detach`) is
    adopted by `start`, or restarted if it runs with other settings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fast: bool = False,
        max_connections: int = 100,
        shared_buffers_mb: int = 128,
        tcp_port: int | None = None,
        host: str = LOOPBACK,
        timeout: float = 600,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._fast = fast
        self._max_connections = max_connections
        self._shared_buffers_mb = shared_buffers_mb
        self._tcp_port = tcp_port
        self._host = host
        self._timeout = timeout
        self._environment = environment
        self._settings = dict(settings or {})
        self._lock = FolderLock(self.folder)
        self._running: Running | None = None

    async def start(self) -> None:
        """Start or adopt the server and wait until it accepts connections (also through a long recovery).

        Raises `FolderInUse` when another process has the folder, `NativeError` when it does not start.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._running = await self._adopt() or await self._start_fresh()
        except BaseException:
            self._lock.release()
            raise

    async def stop(self) -> None:
        """Fast shutdown: sessions are ended, data is flushed, no process stays. Idempotent."""
        await self._end("fast")

    def detach(self) -> None:
        """Let go of the folder and leave the server running."""
        self._lock.release()

    async def destroy(self) -> None:
        """Stop without flushing and remove the folder with all data."""
        await self._end("immediate")
        if not self.folder.exists():
            return
        data = self._data()
        for leftover in {socket_folder(data, server_user()), data, data.parent, self.folder}:
            await asyncio.to_thread(shutil.rmtree, leftover, ignore_errors=True)

    async def restore(self, copy: Path) -> None:
        """Take a physical copy of a server as the data of this folder; NativeError when it has some already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            user = server_user()
            pending = self._empty_folder(user)
            if pending is None:
                raise NativeError(f"{self.folder} holds databases already")
            await asyncio.to_thread(place_copy, copy, pending, user)
            pending.rename(self._data())
        finally:
            self._lock.release()

    def is_running(self) -> bool:
        """Whether a server of this folder lives, whoever started it."""
        return self.folder.exists() and self._read_running() is not None

    @property
    def process(self) -> psutil.Process:
        """The server's first process; `NativeError` before `start`."""
        return self._require_running().process

    def connect_args(self, database: str) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect` and `create_pool`."""
        running = self._require_running()
        return {"host": str(running.socket_folder), "port": running.port, "user": USER, "database": database}

    def dsn(self, database: str) -> str:
        """Connection string for `asyncpg` over the unix socket."""
        running = self._require_running()
        host = quote(str(running.socket_folder), safe="")
        return f"postgresql://{USER}@/{quote(database, safe='')}?host={host}&port={running.port}"

    def tcp_dsn(self) -> str:
        """`postgresql://postgres@HOST:PORT/` of a server started with `tcp_port`."""
        running = self._require_running()
        if self._tcp_port is None:
            raise NativeError("this server listens on its unix socket only")
        return f"postgresql://{USER}@{self._host}:{running.port}/"

    async def ensure_database(self, name: str) -> bool:
        """Create the database unless it exists; True if it was created (safe when two callers race)."""
        connection = await asyncpg.connect(**self.connect_args("postgres"))
        try:
            if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                return False
            quoted = name.replace('"', '""')
            await connection.execute(f'CREATE DATABASE "{quoted}"')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return False
        finally:
            await connection.close()
        return True

    def _require_running(self) -> Running:
        if self._running is None:
            raise NativeError(f"the PostgreSQL of {self.folder} has not been started")
        return self._running

    def _data(self) -> Path:
        return relocated_folder(self.folder, server_user()) / "pgdata"

    def _options(self, socket: Path) -> str:
        settings = {
            "listen_addresses": self._host if self._tcp_port else "",
            "port": str(self._tcp_port or 5432),
            "unix_socket_directories": str(socket),
            "max_connections": str(self._max_connections),
            "shared_buffers": f"{self._shared_buffers_mb}MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if self._fast:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return " ".join(f"-c {name}='{value}'" for name, value in (settings | self._settings).items())

    def _read_running(self) -> Running | None:
        """The live server of the data folder; None if there is none or the pid now belongs to another program."""
        data = self._data()
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            if process.status() == psutil.STATUS_ZOMBIE or str(data) not in process.cmdline():
                return None
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return None
        if len(lines) < 8:
            # the server writes this file in steps while it starts
            return Running(process, 0, Path(), "starting")
        return Running(process, int(lines[3]), Path(lines[4]), lines[7].strip())

    async def _adopt(self) -> Running | None:
        running = self._read_running()
        if running is None:
            return None
        mark = self._data().parent / "options"
        same = mark.exists() and mark.read_text() == self._options(socket_folder(self._data(), server_user()))
        if not same or running.status == "stopping":
            await self._end_running("fast")
            return None
        ready = await self._wait_ready()
        if ready is not None:
            log.info("adopted the PostgreSQL left by an earlier run", pid=ready.process.pid, folder=str(self.folder))
        return ready

    async def _start_fresh(self) -> Running:
        user = server_user()
        await self._initialise(user)
        options = self._prepare(user)
        wait = ["-w", "-t", str(int(self._timeout))]
        for attempt in range(1, ATTEMPTS + 1):
            arguments = [*wait, "-D", str(self._data()), "-l", str(self._server_log()), "-o", options, "start"]
            said = ""
            try:
                await run_tool(binaries(user) / "pg_ctl", arguments, user, more=self._environment)
            except NativeError as error:
                said = str(error)
            ready = await self._wait_ready()
            if ready is not None:
                log.info("PostgreSQL started", pid=ready.process.pid, folder=str(self.folder))
                return ready
            # sessions of a killed server may need a moment to notice and leave its shared memory
            if "pre-existing shared memory" not in self._log_tail() or attempt == ATTEMPTS:
                break
            await asyncio.sleep(1)
        raise NativeError(f"PostgreSQL does not start in {self.folder}: {said}\nEnd of its log:\n{self._log_tail()}")

    def _prepare(self, user: SystemUser | None) -> str:
        """Clear what would stop the start, and note the options so that a later `start` knows them."""
        data = self._data()
        options = self._options(socket_folder(data, user))
        pid_file, server_log = data / "postmaster.pid", self._server_log()
        # A dead number stays: PostgreSQL then checks that no old session still uses the shared memory. It would
        # refuse to start over an empty file, or when the number of a dead server now names another program.
        with contextlib.suppress(FileNotFoundError):
            number = pid_file.read_text().partition("\n")[0].strip()
            if (not number.isdigit() or psutil.pid_exists(int(number))) and not find_processes("-D", str(data)):
                pid_file.unlink()
        if server_log.exists() and server_log.stat().st_size > LOG_LIMIT:
            server_log.replace(server_log.with_suffix(".log.1"))
        (data.parent / "options").write_text(options)
        access = data / "pg_hba.conf"
        if self._host != LOOPBACK and NEIGHBOURS not in access.read_text():
            with access.open("a") as file:
                file.write(NEIGHBOURS)
        return options

    async def _initialise(self, user: SystemUser | None) -> None:
        """initdb beside the final place, then one rename: a crash half-way leaves nothing that looks finished."""
        pending = self._empty_folder(user)
        if pending is None:
            return
        # the builtin provider sorts the same on every operating system
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        sync = ["--no-sync"] if self._fast else []
        arguments = ["--auth=trust", "-U", USER, *locale, *sync, "-D", str(pending)]
        await run_tool(binaries(user) / "initdb", arguments, user)
        pending.rename(self._data())

    def _empty_folder(self, user: SystemUser | None) -> Path | None:
        data = self._data()
        if data.exists():
            return None
        pending = data.with_suffix(".new")
        shutil.rmtree(pending, ignore_errors=True)
        pending.mkdir(mode=0o700)
        if user:
            os.chown(pending, user.uid, user.gid)
        return pending

    def _server_log(self) -> Path:
        return self._data() / "server.log"

    def _log_tail(self) -> str:
        return self._server_log().read_text(errors="replace")[-3000:] if self._server_log().exists() else ""

    async def _wait_ready(self) -> Running | None:
        """The server once it accepts connections; None if it died; `NativeError` when the time is over."""
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            running = self._read_running()
            if running is None or running.status == "ready":
                return running
            await asyncio.sleep(0.02)
        raise NativeError(f"PostgreSQL in {self.folder} is not ready after {self._timeout:.0f} s:\n{self._log_tail()}")

    async def _end(self, mode: str) -> None:
        self._running = None
        if not self.folder.exists():
            return
        if not self._lock.held:
            self._lock.acquire()
        try:
            await self._end_running(mode)
        finally:
            self._lock.release()

    async def _end_running(self, mode: str) -> None:
        running = self._read_running()
        if running is None:
            return
        user = server_user()
        arguments = ["-w", "-t", str(int(self._timeout)), "-m", mode, "-D", str(self._data()), "stop"]
        try:
            await run_tool(binaries(user) / "pg_ctl", arguments, user)
        except NativeError:
            if psutil.pid_exists(running.process.pid) and self._read_running() is not None:
                log.warning("PostgreSQL does not stop; ending it by force", pid=running.process.pid)
                running.process.send_signal(signal.SIGQUIT)
        await asyncio.to_thread(psutil.wait_procs, [running.process], 20)
