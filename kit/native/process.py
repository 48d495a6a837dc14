"""What both native servers need: a lock on the folder, and finding what an earlier run left behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import random
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

LOCK_NAME: Final = "crmesh.lock"
LOOPBACK: Final = "127.0.0.1"


class NativeError(RuntimeError):
    """A native server could not be started, stopped or prepared."""


class FolderInUse(NativeError):
    """Another process works on this folder."""


class FolderLock:
    """An advisory lock (flock) on a folder; the kernel frees it when the process dies, even by kill -9."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds it; another process may."""
        return self._fd is not None

    def acquire(self) -> None:
        """Take the lock or raise `FolderInUse` naming the holder's process id."""
        if self._fd is not None:
            raise FolderInUse(f"{self._path.parent} is already started by this object")
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise FolderInUse(f"{self._path.parent} is in use by process {holder}") from None
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd

    def release(self) -> None:
        """Free the lock; the file stays (removing it would let two processes lock two different files)."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def find_processes(*marks: str) -> list[psutil.Process]:
    """Live processes whose command line holds every mark as a whole argument."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            arguments = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and all(mark in arguments for mark in marks):
                found.append(process)
    return found


async def end_processes(processes: Sequence[psutil.Process], grace: float) -> None:
    """SIGTERM, wait up to `grace` seconds, then SIGKILL; returns when all are gone (children are reaped)."""
    for process in processes if grace > 0 else ():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, grace)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _, alive = await asyncio.to_thread(psutil.wait_procs, alive, 20)
    if alive:
        raise NativeError(f"processes {[process.pid for process in alive]} do not end")


def port_is_free(port: int) -> bool:
    """Whether 127.0.0.1:`port` can be bound now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` if it is free, else a random free port below the range that outgoing connections draw from."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    for _ in range(200):
        port = random.randint(20_000, 31_999)
        if port_is_free(port):
            return port
    raise NativeError("no free port between 20000 and 31999")
