"""The embedded PostgreSQL: one owner per folder, crashes of its parent and of itself, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from kit.native import pgfiles
from kit.native.pgfiles import SystemUser, is_reachable, relocated_folder, socket_folder
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import FolderInUse, NativeError, free_port
from kit.testing.native import make_folder

Make = Callable[..., EmbeddedPostgres]
PARENT = """
import asyncio, sys
from pathlib import Path
from kit.native.postgres import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]), fast=True)
    await server.start()
    print("pid", server._require_running().process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Path:
    return make_folder("postgres")


@pytest.fixture
async def make(folder: Path) -> AsyncIterator[Make]:
    """Makes servers on the test's folder, and leaves neither process nor file behind."""
    made: list[EmbeddedPostgres] = []

    def one(place: Path = folder, **settings: Any) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(place, **{"fast": True, **settings}))
        return made[-1]

    yield one
    for server in made:
        server.detach()
    await EmbeddedPostgres(folder).destroy()
    assert is_gone(folder)


def is_gone(path: Path) -> bool:
    return not path.exists()


def start_parent(folder: Path) -> tuple[subprocess.Popen[str], int]:
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    parent = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    for line in parent.stdout:
        if line.startswith("pid "):
            return parent, int(line.split()[1])
    raise AssertionError("the parent ended early")


def kill_parent(parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


async def test_data_survives_a_restart_and_stop_leaves_no_process(make: Make) -> None:
    server = make(fast=False)
    await server.start()
    assert await server.ensure_database("customer")
    assert not await server.ensure_database("customer")
    connection = await asyncpg.connect(server.dsn("customer"))
    await connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
    assert await connection.fetchval("SHOW fsync") == "on"
    assert await connection.fetchval("SHOW timezone") == "UTC"
    await connection.close()
    pid = server._require_running().process.pid
    await server.stop()
    await server.stop()
    assert not psutil.pid_exists(pid)

    await server.start()
    connection = await asyncpg.connect(**server.connect_args("customer"))
    assert await connection.fetchval("SELECT id FROM kept") == 7
    await connection.close()
    await server.stop()
    assert not server.is_running()


async def test_two_callers_may_ensure_the_same_database(make: Make) -> None:
    server = make()
    await server.start()
    made = await asyncio.gather(*(server.ensure_database('odd "name"') for _ in range(4)))
    assert made.count(True) == 1


async def test_a_second_owner_is_refused_and_does_no_harm(folder: Path, make: Make) -> None:
    parent, pid = start_parent(folder)
    other = make()
    try:
        with pytest.raises(FolderInUse, match=str(parent.pid)):
            await other.start()
        with pytest.raises(FolderInUse):
            await other.stop()
        assert psutil.pid_exists(pid)
    finally:
        kill_parent(parent)


async def test_same_process_cannot_own_a_folder_twice(make: Make) -> None:
    first = make()
    await first.start()
    with pytest.raises(FolderInUse):
        await make().start()
    with pytest.raises(FolderInUse):
        await first.start()
    assert first.is_running()
    await first.stop()


async def test_server_left_by_a_killed_parent_is_adopted(folder: Path, make: Make) -> None:
    parent, pid = start_parent(folder)
    kill_parent(parent)
    assert psutil.pid_exists(pid)
    server = make()
    await server.start()
    assert server._require_running().process.pid == pid
    await (await asyncpg.connect(server.dsn("postgres"))).close()
    await server.stop()
    assert not psutil.pid_exists(pid)


async def test_left_server_with_other_settings_is_restarted(folder: Path, make: Make) -> None:
    parent, pid = start_parent(folder)
    kill_parent(parent)
    server = make(fast=False)
    await server.start()
    assert server._require_running().process.pid != pid
    connection = await asyncpg.connect(server.dsn("postgres"))
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.close()


async def test_left_server_can_be_stopped_without_starting(folder: Path, make: Make) -> None:
    parent, pid = start_parent(folder)
    kill_parent(parent)
    await make().stop()
    assert not psutil.pid_exists(pid)


async def test_killed_server_recovers_committed_rows(make: Make) -> None:
    server = make(fast=False)
    await server.start()
    connection = await asyncpg.connect(server.dsn("postgres"))
    await connection.execute("CREATE TABLE kept AS SELECT g AS id FROM generate_series(1, 20000) g")
    process = server._require_running().process
    process.kill()
    await asyncio.to_thread(process.wait, 10)
    connection.terminate()
    server.detach()
    await server.start()
    connection = await asyncpg.connect(server.dsn("postgres"))
    assert await connection.fetchval("SELECT count(*) FROM kept") == 20000
    await connection.close()


@pytest.mark.parametrize("content", ["{own}\n", "{own}\n/elsewhere\n1\n5432\n/tmp\n\n1 2\nready\n", "", "999999999\n"])
async def test_pid_file_naming_another_program_is_no_obstacle(make: Make, content: str) -> None:
    server = make()
    await server.start()
    await server.stop()
    pid_file = server._data() / "postmaster.pid"
    pid_file.write_text(content.format(own=os.getpid()))
    if user := pgfiles.server_user():
        os.chown(pid_file, user.uid, user.gid)
    assert not server.is_running()
    await server.start()
    await (await asyncpg.connect(server.dsn("postgres"))).close()


async def test_interrupted_initialisation_starts_over(folder: Path, make: Make) -> None:
    half = folder / "pgdata.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = make()
    await server.start()
    assert not half.exists()


async def test_tcp_port_serves_local_tools(make: Make) -> None:
    server = make(tcp_port=free_port())
    await server.start()
    connection = await asyncpg.connect(server.tcp_dsn() + "postgres")
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    await connection.close()


async def test_settings_that_cannot_work_fail_soon_with_the_log(make: Make) -> None:
    server = make(max_connections=10_000_000)
    began = time.monotonic()
    with pytest.raises(NativeError, match="max_connections"):
        await server.start()
    assert time.monotonic() - began < 15
    assert not server.is_running()
    fixed = make()
    await fixed.start()


async def test_long_folder_names_get_a_short_socket(folder: Path, make: Make) -> None:
    deep = folder / ("a" * 60) / ("b" * 60)
    server = make(deep)
    await server.start()
    socket = Path(server.connect_args("postgres")["host"])
    await (await asyncpg.connect(server.dsn("postgres"))).close()
    assert os.stat(socket).st_mode & 0o077 == 0
    await server.destroy()
    assert is_gone(socket)


def test_short_paths_keep_the_socket_beside_the_data() -> None:
    assert socket_folder(Path("/srv/crmesh/pgdata")) == Path("/srv/crmesh/pgdata")


def test_unused_server_has_no_address(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "never")
    assert not server.is_running()
    with pytest.raises(NativeError, match="not been started"):
        server.dsn("postgres")


async def test_private_folders_stay_private(folder: Path, make: Make) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    server = make(home / "project" / "data")
    await server.start()
    await (await asyncpg.connect(server.dsn("postgres"))).close()
    data = server._data()
    assert home.stat().st_mode & 0o777 == 0o700
    assert data.is_relative_to(home) == (os.geteuid() != 0)
    await server.destroy()
    assert not data.parent.exists()


def test_another_user_cannot_pass_a_private_folder(tmp_path: Path) -> None:
    stranger = SystemUser(uid=54321, gid=54321)
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    assert not is_reachable(private, stranger)
    assert is_reachable(Path("/"), stranger)
    assert is_reachable(private, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to move the data")
def test_replaced_folder_does_not_find_the_old_data(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    user = pgfiles.server_user()
    first = relocated_folder(private, user)
    assert relocated_folder(private, user) == first
    (private / "location").unlink()
    second = relocated_folder(private, user)
    assert second != first
    shutil.rmtree(first)
    shutil.rmtree(second)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_binaries_in_a_private_home_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgfiles, "SHARED_PLACES", (tmp_path / "shared",))
    monkeypatch.setattr(pgfiles, "is_reachable", lambda *_: False)
    copy = pgfiles.binaries(pgfiles.server_user())
    assert copy.is_relative_to(tmp_path / "shared")
    assert pgfiles.binaries(pgfiles.server_user()) == copy
    answer = subprocess.run([copy / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert " 18." in answer.stdout


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(make: Make) -> None:
    server = make()
    await server.start()
    process = server._require_running().process
    assert os.getsid(process.pid) != os.getsid(0)
    process.send_signal(signal.SIGCONT)
    assert server.is_running()
