"""Clocks that are stepped under running processes: libfaketime is loaded before them and adds what a file says.

Only the time of day is stepped; monotonic clocks go on, as they do when a machine's clock is corrected.
"""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import Collection
from pathlib import Path

HOUR = 3600
LINUX = ("Linux", "x86_64")
_LIBRARY = Path("vendor") / "libfaketime" / "src" / "libfaketime.so.1"


def find_library() -> Path | None:
    """The preloaded library of the package `libfaketime`; None where it does not fit the machine."""
    spec = importlib.util.find_spec("libfaketime")
    if spec is None or not spec.submodule_search_locations or (platform.system(), platform.machine()) != LINUX:
        return None
    library = Path(spec.submodule_search_locations[0]) / _LIBRARY
    return library if library.exists() else None


class Clocks:
    """A file per process with the seconds that its clock is ahead."""

    def __init__(self, folder: Path, library: Path) -> None:
        """`library` is copied: a database server runs as a user who may not reach where packages are."""
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
        self._folder = folder
        self._library = folder / library.name
        self._library.write_bytes(library.read_bytes())
        self._library.chmod(0o755)

    def environment(self, name: str) -> dict[str, str]:
        """What a process must be started with so that `step` reaches it."""
        self.step([name], 0)
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file(name)),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }

    def step(self, names: Collection[str], seconds: int) -> None:
        """Set the clocks of these processes so many seconds ahead of the true time; they notice within two."""
        for name in names:
            fresh = self._file(name).with_suffix(".new")
            fresh.write_text(f"{seconds:+d}\n")
            fresh.chmod(0o644)
            os.replace(fresh, self._file(name))

    def names(self) -> list[str]:
        """Processes that were given a clock."""
        return sorted(path.stem for path in self._folder.glob("*.clock"))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.clock"
