"""What the fault run does to the machine: clocks that step under a running process, disks that run full."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.faults.clocks import HOUR, Clocks, find_library
from bench.faults.disks import Disk

TELL = "import sys, time\nfor _line in sys.stdin:\n    print(time.time(), time.monotonic(), flush=True)\n"


def test_a_clock_steps_under_a_running_process_and_monotonic_time_goes_on(tmp_path: Path) -> None:
    library = find_library()
    assert library is not None, "clocks can be stepped on Linux on x86-64"
    clocks = Clocks(tmp_path / "clocks", library)
    environment = {**os.environ, **clocks.environment("teller")}
    command = [sys.executable, "-c", TELL]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ticks = []
        for seconds in (0, HOUR, -HOUR, 0):
            clocks.step(clocks.names(), seconds)
            time.sleep(2.2)  # the file is read again when it is older than a second, in whole seconds
            process.stdin.write("\n")
            process.stdin.flush()
            wall, monotonic = map(float, process.stdout.readline().split())
            assert abs(wall - datetime.now(UTC).timestamp() - seconds) < 5
            ticks.append(monotonic)
        process.stdin.close()
    assert clocks.names() == ["teller"]
    assert ticks == sorted(ticks)
    assert ticks[-1] - ticks[0] < 60


def test_a_full_disk_takes_nothing_more_until_it_is_freed(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk", 4)
    if not disk.mount():  # an ordinary user: the folder is what it was
        with pytest.raises(RuntimeError):
            disk.fill()
        return
    try:
        mine = tmp_path / "disk" / "mine"
        mine.write_bytes(b"a" * 1024)
        disk.fill()
        with mine.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space") as full:
            file.writelines([b"b" * 100_000] * 2)
        assert full.value.errno == errno.ENOSPC
        disk.free()
        mine.write_bytes(b"c" * 100_000)
        disk.fill()
    finally:
        disk.unmount()
    assert not disk.is_mounted
    assert list((tmp_path / "disk").iterdir()) == []
