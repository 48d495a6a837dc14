"""Physical copies of a PostgreSQL server: every database at one and the same moment, while it goes on working."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import asyncpg

from kit.native.pgfiles import SystemUser, binaries, run_tool
from kit.native.process import NativeError

Progress = Callable[[int, int | None], None]

MANIFEST: Final = "backup_manifest"
LEFT_OUT: Final = ("server.log", "server.log.1", ".s.PGSQL.")
"""Beginnings of names that the server's folder holds and its copy need not."""

_LOOK_SECONDS = 0.5
_DONE = "SELECT backup_streamed, backup_total FROM pg_stat_progress_basebackup"
_SIZE = "SELECT sum(pg_database_size(oid))::bigint FROM pg_database"


class DamagedCopy(NativeError):
    """A file of the copy is missing or is not what was copied."""


async def database_bytes(dsn: str) -> int:
    """Size of all databases of the server."""
    connection = await asyncpg.connect(dsn, database="postgres")
    try:
        return int(await connection.fetchval(_SIZE))
    finally:
        await connection.close()


async def copy_cluster(dsn: str, target: Path, progress: Progress) -> None:
    """Copy the server that `dsn` reaches into the new folder `target`, with the log to make it consistent.

    `progress(bytes, bytes in all)`. Raises NativeError, DamagedCopy.
    """
    watching = asyncio.create_task(_watch(dsn, progress))
    arguments = ["-d", dsn, "-D", str(target), "-X", "stream", "-c", "fast", "--no-password", "--progress"]
    try:
        await run_tool(
            binaries(None) / "pg_basebackup", [*arguments, "--manifest-checksums=SHA256"], None, seconds=None
        )
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    await asyncio.to_thread(_leave_out, target)


def _leave_out(target: Path) -> None:
    for path in target.iterdir():
        if path.name.startswith(LEFT_OUT):
            path.unlink()


async def _watch(dsn: str, progress: Progress) -> None:
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(dsn, database="postgres")
        try:
            while True:
                if row := await connection.fetchrow(_DONE):
                    progress(row["backup_streamed"] or 0, row["backup_total"])
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await connection.close()


def checksum(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def check_manifest(folder: Path, found: dict[str, str]) -> None:
    """Compare checksums (by path below `folder`) with what the server noted when it read the files; DamagedCopy."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for entry in manifest["Files"]:
        name = entry["Path"] if "Path" in entry else bytes.fromhex(entry["Encoded-Path"]).decode()
        if not name.startswith(LEFT_OUT) and found.get(name) != entry["Checksum"]:
            raise DamagedCopy(f"{folder / name} is missing or not as the server sent it")


def place_copy(source: Path, target: Path, user: SystemUser | None) -> None:
    """Fill the empty folder `target`, which the server will own, with a copy (blocking)."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    target.chmod(0o700)
    if user:
        for place, folders, files in os.walk(target):
            for name in (".", *folders, *files):
                os.chown(Path(place) / name, user.uid, user.gid)
