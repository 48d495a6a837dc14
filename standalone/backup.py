"""Backup and restore of a data folder.

The four databases and the embedded log are databases of one PostgreSQL server, and the copy is a physical one: all
of them at the same moment of the server's log, also while commands come in. Dumps one after another would not do: a
service's effects, its offsets and the log it reads would be of different moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg

from kit import clock
from kit.db.migrate import current
from kit.errors import Conflict
from kit.native.pgbackup import Progress, check_manifest, checksum, copy_cluster, database_bytes
from kit.native.postgres import EmbeddedPostgres
from standalone.folder import kept_bus, system_file
from standalone.registry import SERVICES

FORMAT: Final = 1
SUMS: Final = "SHA256SUMS"
SPARE: Final = 1.2

NewBar = Callable[[str], Progress]


class BackupRefused(Conflict):
    code, title = "backup-refused", "The backup is not made"


class RestoreRefused(Conflict):
    code, title = "restore-refused", "The backup is not restored"


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself (`backup.json`). `revisions`: of each service's database."""

    format: int
    made_at: str
    crmesh: str
    postgres: int
    machine: str
    bus: str
    log_included: bool
    revisions: dict[str, str | None]


def kept_files(folder: Path) -> list[Path]:
    """Files of a data folder that a copy of it needs: all but those that only a running system has."""
    running = {system_file(folder).name}
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.name not in running and path.suffix not in (".log", ".new")
    )


async def make_backup(folder: Path, dsn: str | None, target: Path, bar: NewBar, *, without_log: bool = False) -> Backup:
    """Copy a data folder into the new folder `target`; `dsn` of its running server, None when it is at rest.

    Raises BackupRefused, NativeError (FolderInUse, DamagedCopy). What it cannot finish it removes.
    """
    bus = _bus_of(folder)
    if bus != "embedded" and not without_log:
        raise BackupRefused(f"the events of {folder} are in Kafka, which is not copied; --without-log copies the rest")
    pending = _new_folder(target)
    try:
        async with _server(folder, dsn) as reached:
            _check_space(pending, int(SPARE * await database_bytes(reached)), BackupRefused)
            revisions, postgres = await _state(reached)
            await copy_cluster(reached, pending / "postgres", bar("copying"))
        made = Backup(
            format=FORMAT,
            made_at=clock.now().isoformat(),
            crmesh=version("crmesh"),
            postgres=postgres,
            machine=_machine(),
            bus=bus,
            log_included=bus == "embedded",
            revisions=revisions,
        )
        await asyncio.to_thread(_finish, folder, pending, target, made, bar("checking"))
    except BaseException:
        shutil.rmtree(pending, ignore_errors=True)
        raise
    return made


def _new_folder(target: Path) -> Path:
    if target.exists():
        raise BackupRefused(f"{target} exists")
    pending = target.with_name(f"{target.name}.partial")
    shutil.rmtree(pending, ignore_errors=True)
    pending.mkdir(mode=0o700, parents=True)
    return pending


def _finish(folder: Path, pending: Path, target: Path, made: Backup, progress: Progress) -> None:
    """Add the other files, check all of them, write the list of sums; the name of the whole comes last."""
    (pending / "files").mkdir()
    for path in kept_files(folder):
        shutil.copy2(path, pending / "files" / path.name)
    (pending / "backup.json").write_text(json.dumps(asdict(made), indent=2))
    sums = _sums(pending, progress)
    below = {name.removeprefix("postgres/"): value for name, value in sums.items() if name.startswith("postgres/")}
    check_manifest(pending / "postgres", below)
    (pending / SUMS).write_text("".join(f"{value}  {name}\n" for name, value in sorted(sums.items())))
    # the server's tool has flushed what it copied
    for path in (*(pending / "files").iterdir(), pending / "backup.json", pending / SUMS, pending):
        flushed = os.open(path, os.O_RDONLY)
        os.fsync(flushed)
        os.close(flushed)
    pending.rename(target)


async def restore_backup(source: Path, folder: Path, bar: NewBar) -> Backup:
    """Make a data folder of a backup. `folder` must be empty or missing; on any error it is left so.

    Every file is checked against its checksum first; afterwards the server is started once, recovers, and must hold
    every database at the revision that the backup names. Raises RestoreRefused, NativeError.
    """
    backup = await asyncio.to_thread(verify_backup, source, bar("checking"))
    existed = _make_empty(folder)
    server = EmbeddedPostgres(folder / "postgres")
    try:
        _check_space(folder, int(SPARE * _bytes_of(source)), RestoreRefused)
        await server.restore(source / "postgres")
        await server.start()
        try:
            revisions, _postgres = await _state(server.dsn(""))
        finally:
            await server.stop()
        if revisions != backup.revisions:
            raise RestoreRefused(f"the restored databases are at {revisions}, the backup says {backup.revisions}")
        shutil.copytree(source / "files", folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    except BaseException:
        await server.destroy()
        _clear(folder, remove=not existed)
        raise
    return backup


def _make_empty(folder: Path) -> bool:
    """Whether the (empty) folder was there before."""
    existed = folder.exists()
    if existed and any(folder.iterdir()):
        raise RestoreRefused(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    return existed


def _clear(folder: Path, *, remove: bool) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
    if remove:
        folder.rmdir()


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def verify_backup(source: Path, progress: Progress) -> Backup:
    """Read all of a backup; raises RestoreRefused when it is not whole, or not for this machine (blocking)."""
    try:
        body = json.loads((source / "backup.json").read_text())
        lines = (source / SUMS).read_text().splitlines()
        noted = {name: value for value, _, name in (line.partition("  ") for line in lines)}
        backup = Backup(**body) if body.get("format") == FORMAT else None
    except (OSError, ValueError, TypeError) as error:
        raise RestoreRefused(f"{source} is no whole backup: {error}") from None
    if backup is None:
        raise RestoreRefused(f"{source} has format {body.get('format')}, this release reads {FORMAT}")
    if backup.machine != _machine():
        raise RestoreRefused(f"the backup was made on {backup.machine}, this machine is {_machine()}")
    if backup.postgres // 10_000 != 18:
        raise RestoreRefused(f"the backup is of PostgreSQL {backup.postgres // 10_000}, this release brings 18")
    found = _sums(source, progress)
    if damaged := sorted(name for name in noted.keys() | found.keys() if noted.get(name) != found.get(name)):
        raise RestoreRefused(f"{len(damaged)} files are damaged, missing or foreign, the first: {damaged[0]}")
    return backup


@asynccontextmanager
async def _server(folder: Path, dsn: str | None) -> AsyncIterator[str]:
    if dsn is not None:
        yield dsn
        return
    if not (folder / "postgres").exists():
        raise BackupRefused(f"{folder} holds no system")
    server = EmbeddedPostgres(folder / "postgres")
    await server.start()
    try:
        yield server.dsn("")
    finally:
        await server.stop()


async def _state(dsn: str) -> tuple[dict[str, str | None], int]:
    """Revisions of the databases, and the server's version number."""
    revisions: dict[str, str | None] = {}
    number = 0
    for service in SERVICES:
        connection = await asyncpg.connect(dsn, database=f"crmesh_{service}")
        try:
            revisions[service] = await current(connection)
            number = int(await connection.fetchval("SHOW server_version_num"))
        finally:
            await connection.close()
    return revisions, number


def _bus_of(folder: Path) -> str:
    kind, _cluster = kept_bus(folder)
    if not kind:
        raise BackupRefused(f"{folder} holds no system")
    return kind


def _check_space(folder: Path, needed: int, refusal: type[Conflict]) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise refusal(f"{folder} has {free >> 20} MiB free, {needed >> 20} MiB may be needed")


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}"


def _sums(folder: Path, progress: Progress) -> dict[str, str]:
    """sha256 by path of every file below `folder` but the list of sums itself."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / SUMS]
    found = {}
    for done, path in enumerate(paths, 1):
        found[path.relative_to(folder).as_posix()] = checksum(path)
        progress(done, len(paths))
    return found
