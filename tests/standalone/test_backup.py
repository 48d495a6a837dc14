"""A backup of a working system is of one moment, and a restored one goes on from it; damage is found."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from cli.load.client import Api, connected
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import FolderInUse, free_port
from kit.testing.native import run_apart
from kit.testing.program import servers_of, system_folder
from standalone.backup import BackupRefused, RestoreRefused, kept_files, make_backup, restore_backup, verify_backup
from standalone.folder import read_system
from standalone.registry import SERVICES
from standalone.system import Options, System, running


@pytest.fixture
def folder() -> Iterator[Path]:
    with system_folder() as made:
        yield made


def no_bar(_name: str) -> Callable[[int, int | None], None]:
    return lambda _done, _total: None


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[System]:
    stop = asyncio.Event()
    async with running(Options(folder, port=free_port())) as system:
        task = asyncio.create_task(system.serve(stop))
        await system.wait_until_serving()
        yield system
        stop.set()
        await task


async def take(folder: Path, target: Path, dsn: str | None = None) -> None:
    await make_backup(folder, dsn, target, no_bar)


async def put_back(source: Path, folder: Path) -> None:
    await restore_backup(source, folder, no_bar)


async def make_accounts(api: Api, stop: asyncio.Event, made: list[str], fifty: asyncio.Event) -> None:
    """Commands, one after another, until told to stop."""
    while not stop.is_set():
        name = f"account {len(made)}"
        body = {"kind": "organization", "name": name, "region": "CN-SH", "business_type": "retail"}
        await api.post("/v1/accounts", body)
        made.append(name)
        if len(made) == 50:
            fifty.set()


async def test_a_backup_under_load_is_of_one_moment_and_goes_on(folder: Path, prepared: Callable[[Path], Path]) -> None:
    """Everything acknowledged before it began is in it, nothing is in one database and missing in another."""
    stop, fifty, made = asyncio.Event(), asyncio.Event(), list[str]()
    async with serving(prepared(folder / "a")) as system, connected(system.options.url) as api:
        writing = asyncio.create_task(make_accounts(api, stop, made, fifty))
        await fifty.wait()
        before = len(made)
        await take(folder / "a", folder / "backup", read_system(folder / "a")["postgres"])
        stop.set()
        await writing
    assert len(made) > before, "commands went on meanwhile"

    await put_back(folder / "backup", folder / "b")
    assert servers_of(folder) == []
    async with serving(folder / "b") as system:
        names = {row["name"] for row in await rows(system, "customer", "SELECT name FROM account")}
        assert set(made[:before]) <= names <= set(made)
        await settled(system)
        (known,) = await rows(system, "risk", "SELECT count(*) AS n FROM account_directory")
        assert known["n"] == len(names), "every account of the copy is known to the other services, none besides"
        async with connected(system.options.url) as api:
            body = {"kind": "organization", "name": "afterwards", "region": "CN-SH", "business_type": "retail"}
            await api.post("/v1/accounts", body)
        await settled(system)
        (known,) = await rows(system, "risk", "SELECT count(*) AS n FROM account_directory")
        assert known["n"] == len(names) + 1
    assert (folder / "a" / "secret").read_text() == (folder / "b" / "secret").read_text()


async def rows(system: System, service: str, sql: str) -> list[asyncpg.Record]:
    async with system.runtimes[service].db.reading() as tx:
        return await tx.fetch(sql)


async def settled(system: System) -> None:
    from kit.events.status import delivery_status
    from standalone.registry import room

    async with asyncio.timeout(60):
        for service in SERVICES * 2:
            while True:
                runtime = system.runtimes[service]
                async with runtime.db.reading() as tx:
                    status = await delivery_status(tx, runtime.bus, room(service, "subscriptions").subscriptions)
                if status.is_settled():
                    break
                await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def rested() -> Iterator[Path]:
    """A system at rest in `a`, and its backup in `backup`."""

    async def prepare(folder: Path) -> None:
        async with running(Options(folder / "a", port=free_port())):
            pass
        await take(folder / "a", folder / "backup")

    with system_folder() as folder:
        run_apart(prepare(folder))
        yield folder


async def test_at_rest_nothing_is_left_running(rested: Path) -> None:
    assert servers_of(rested) == []
    assert {path.name for path in (rested / "backup").iterdir()} == {"SHA256SUMS", "backup.json", "files", "postgres"}
    assert (rested / "backup").stat().st_mode & 0o077 == 0, "it holds the secret"
    body = json.loads((rested / "backup" / "backup.json").read_text())
    assert (body["bus"], body["log_included"], set(body["revisions"])) == ("embedded", True, set(SERVICES))
    assert not list((rested / "backup").rglob("server.log"))


async def test_what_is_not_whole_is_refused_and_leaves_nothing(rested: Path, folder: Path) -> None:
    def damage(name: str) -> Path:
        copy = folder / name
        shutil.copytree(rested / "backup", copy)
        return copy

    flipped, missing, foreign = damage("flipped"), damage("missing"), damage("foreign")
    victim = max((flipped / "postgres" / "base").rglob("*"), key=lambda path: path.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    next((missing / "postgres" / "pg_wal").glob("0*")).unlink()
    (foreign / "files" / "more").write_text("x")
    other = damage("other")
    body = json.loads((other / "backup.json").read_text())
    (other / "backup.json").write_text(json.dumps({**body, "machine": "Plan9 vax"}))
    for source, word in ((flipped, "damaged"), (missing, "missing"), (foreign, "foreign"), (other, "vax")):
        with pytest.raises(RestoreRefused, match=word):
            await put_back(source, folder / "b")
        assert not (folder / "b").exists()
    with pytest.raises(RestoreRefused, match="no whole backup"):
        await put_back(folder / "nothing", folder / "b")
    (flipped / "backup.json").write_text(json.dumps({**body, "format": 99}))
    with pytest.raises(RestoreRefused, match="format 99"):
        verify_backup(flipped, lambda _done, _total: None)


async def test_only_an_empty_folder_is_filled(rested: Path, folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "b" / "mine").write_text("kept")
    with pytest.raises(RestoreRefused, match="not empty"):
        await put_back(rested / "backup", folder / "b")
    assert os.listdir(folder / "b") == ["mine"]
    with pytest.raises(RestoreRefused, match="not empty"):
        await put_back(rested / "backup", rested / "a")


async def test_a_copy_that_cannot_start_is_taken_away(rested: Path, folder: Path) -> None:
    """Sums that agree with a cluster that is broken: made by hand, or by a disk that lied."""
    copy = folder / "copy"
    shutil.copytree(rested / "backup", copy)
    (copy / "postgres" / "global" / "pg_control").write_bytes(b"\0" * 8192)
    from standalone.backup import _sums

    sums = _sums(copy, lambda _done, _total: None)
    (copy / "SHA256SUMS").write_text("".join(f"{value}  {name}\n" for name, value in sums.items()))
    (folder / "b").mkdir()
    with pytest.raises(Exception, match="does not start"):
        await put_back(copy, folder / "b")
    assert list((folder / "b").iterdir()) == []
    assert servers_of(folder / "b") == []


async def test_what_cannot_be_backed_up(rested: Path, folder: Path) -> None:
    with pytest.raises(BackupRefused, match="exists"):
        await take(rested / "a", rested / "backup")
    with pytest.raises(BackupRefused, match="no system"):
        await take(folder, folder / "backup")
    (folder / "bus").write_text("kafka")
    with pytest.raises(BackupRefused, match="--without-log"):
        await take(folder, folder / "backup")
    with pytest.raises(BackupRefused, match="no system"):
        await make_backup(folder, None, folder / "backup", no_bar, without_log=True)
    server = EmbeddedPostgres(rested / "a" / "postgres")
    await server.start()
    try:
        with pytest.raises(FolderInUse):
            await take(rested / "a", folder / "backup")
    finally:
        await server.stop()
    assert os.listdir(folder) == ["bus"]


def test_files_that_only_a_running_system_has_are_not_kept(tmp_path: Path) -> None:
    for name in ("secret", "bus", "system.json", "run.log", "bus.new"):
        (tmp_path / name).touch()
    (tmp_path / "postgres").mkdir()
    assert [path.name for path in kept_files(tmp_path)] == ["bus", "secret"]
