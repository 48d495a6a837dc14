"""Locks on folders, ending of processes, free ports."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kit.native.process import FolderInUse, FolderLock, end_processes, find_processes, free_port, port_is_free

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
)


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(FolderInUse):
        second.acquire()
    assert first.held
    assert not second.held
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from kit.native.process import FolderLock;"
        "FolderLock(Path(sys.argv[1])).acquire(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()


async def test_a_process_that_ignores_sigterm_is_killed() -> None:
    command = [sys.executable, "-c", STUBBORN, "a-mark-of-this-test"]
    child = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    await asyncio.to_thread(child.stdout.readline)
    child.stdout.close()
    found = find_processes("a-mark-of-this-test")
    assert [process.pid for process in found] == [child.pid]
    assert find_processes("a-mark-of-this-tes") == []
    began = time.monotonic()
    await end_processes(found, 0.3)
    assert time.monotonic() - began < 10
    assert not psutil.pid_exists(child.pid)
    await end_processes(found, 0.3)
    child.wait()


def test_free_port_avoids_a_taken_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        other = free_port(port)
    assert other != port
    assert free_port(other) == other
