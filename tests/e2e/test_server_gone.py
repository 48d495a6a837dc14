"""The database server dies under a running system: it says so and ends, and the next start recovers."""

from __future__ import annotations

from pathlib import Path

import psutil

from kit.native.process import free_port
from kit.testing.program import servers_of, start_program


def _postmaster(folder: Path) -> psutil.Process:
    return next(process for process in servers_of(folder) if "-D" in process.cmdline())


def test_a_killed_database_ends_the_system_and_the_next_start_recovers(data_folder: Path) -> None:
    port = free_port()
    for is_last in (False, True):
        command = ("run", "--data", str(data_folder), "--port", str(port))
        program = start_program(*command, log=data_folder / "run.log", url=f"http://127.0.0.1:{port}")
        program.wait_ready()
        if is_last:
            assert program.stop() == 0
            return
        _postmaster(data_folder).kill()
        assert program.process.wait(60) == 3
        assert "PostgreSQL ended" in program.output()
