"""Throw-away native servers for one test run, and clearing of what a killed run left behind."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import LOCK_NAME, FolderInUse, FolderLock, NativeError

PREFIX: Final = "crmesh-test-"
SAFE_AGE: Final = 600

T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread with its own loop: works whether or not the caller's loop is running."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


def make_folder(kind: str) -> Path:
    """A new temporary folder which the server's system user can reach when run as root.

    `kind` tells `sweep` what is inside: `postgres`, `kafka`, or `infra` with one folder for each.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-"))
    folder.chmod(0o711)
    return folder


async def sweep(root: Path | None = None, *, min_age: float = SAFE_AGE) -> list[Path]:
    """Destroy test servers whose run died without cleaning up; folders in use, or that resist, are left alone.

    `min_age` seconds keep a folder safe that another run has made and has no lock on at the moment.
    """
    removed = []
    for folder in sorted((root or Path(tempfile.gettempdir())).glob(f"{PREFIX}*")):
        with contextlib.suppress(NativeError, OSError):
            if time.time() - folder.stat().st_ctime < min_age or _is_in_use(folder):
                continue
            for server in _servers(folder):
                await server.destroy()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            removed.append(folder)
    return removed


def _is_in_use(folder: Path) -> bool:
    """Whether a server anywhere below has its lock held: a slow test may be older than `min_age`."""
    for path in folder.rglob(LOCK_NAME):
        lock = FolderLock(path.parent)
        try:
            lock.acquire()
        except FolderInUse:
            return True
        lock.release()
    return False


def _servers(folder: Path) -> list[EmbeddedPostgres | NativeKafka]:
    match folder.name.removeprefix(PREFIX).partition("-")[0]:
        case "kafka":
            return [NativeKafka(folder)]
        case "infra" | "system":
            return [EmbeddedPostgres(folder / "postgres"), NativeKafka(folder / "kafka")]
        case _:
            return [EmbeddedPostgres(folder)]
