"""A program under test: started as a user would, stopped by a signal, killed with everything it started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psutil

from kit.testing.native import make_folder

COMMAND: Final = Path(sys.executable).parent / "crmesh"


@dataclass
class Program:
    """A running command; `log` collects what it prints."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_ready(self, seconds: float = 180) -> float:
        """Wait for /readyz; returns the seconds it took. Fails when the program ends or the time is over."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.output()[-4000:]}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return time.monotonic() - began
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready in {seconds} s:\n{self.output()[-4000:]}")

    def wait_output(self, text: str, seconds: float = 900) -> None:
        """Wait until it has printed `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.output():
            if self.process.poll() is not None and text not in self.output():
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.output()[-4000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} not seen in {seconds} s:\n{self.output()[-4000:]}")
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT, seconds: float = 120) -> int:
        """Send a signal and wait; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def interrupt(self, seconds: float = 120) -> int:
        """Ctrl-C as a terminal sends it, to the program and the tools it runs; returns the exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """kill -9 of the program alone."""
        self.process.kill()
        self.process.wait(30)


def servers_of(folder: Path) -> list[psutil.Process]:
    """Processes that name the folder on their command line or work in it (database and broker servers)."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if str(folder) in words or str(folder) in (process.cwd() or ""):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def kill_all(folder: Path) -> int:
    """kill -9 of everything that works on the folder; returns how many processes that were."""
    killed = 0
    while found := servers_of(folder):
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        psutil.wait_procs(found, 10)
    return killed


@contextmanager
def system_folder() -> Iterator[Path]:
    """A data folder for programs; in the end whatever still works on it is killed, and it is removed."""
    folder = make_folder("system")
    try:
        yield folder
    finally:
        kill_all(folder)
        shutil.rmtree(folder, ignore_errors=True)


def run_program(*arguments: str, seconds: float = 900) -> subprocess.CompletedProcess[str]:
    """Run `crmesh ARGUMENTS` to its end, with what it says on stdout and stderr."""
    return subprocess.run(
        [str(COMMAND), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("CRMESH_KAFKA", "CRMESH_DATA")}


_LISTENING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
"""A test run in the background of a shell ignores Ctrl-C, and its programs would inherit that."""


def start_program(*arguments: str, log: Path, url: str = "", environment: dict[str, str] | None = None) -> Program:
    """Run `crmesh ARGUMENTS` in a process group of its own."""
    command = [sys.executable, "-c", _LISTENING, str(COMMAND), *arguments]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**_environment(), **(environment or {})},
        )
    return Program(process, log, url)
