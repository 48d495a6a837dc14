"""Throw-away native servers for one test run, and clearing of what a killed run left behind."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import NativeError

PREFIX: Final = "crmesh-test-"
SAFE_AGE: Final = 120

T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread with its own loop: works whether or not the caller's loop is running."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, coroutine).result()


def make_folder(kind: str) -> Path:
    """A new folder in the temporary directory which the server's system user can reach when run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-"))
    folder.chmod(0o711)
    return folder


async def sweep(root: Path | None = None, *, min_age: float = SAFE_AGE) -> list[Path]:
    """Destroy test servers whose run died without cleaning up; folders in use, or that resist, are left alone.

    `min_age` seconds keep a folder safe that another run has just made and not locked yet.
    """
    removed = []
    for folder in sorted((root or Path(tempfile.gettempdir())).glob(f"{PREFIX}*")):
        with contextlib.suppress(NativeError, OSError):
            if time.time() - folder.stat().st_ctime < min_age:
                continue
            kafka = folder.name.startswith(f"{PREFIX}kafka-")
            await (NativeKafka(folder) if kafka else EmbeddedPostgres(folder)).destroy()
            removed.append(folder)
    return removed
