"""Disks that run full: a folder of its own size, filled by a file and freed again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CHUNK = 1024 * 1024


class Disk:
    """A tmpfs of a fixed size on `folder`; mounting one needs root."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self._folder = folder
        self._mebibytes = mebibytes
        self._ballast = folder / "ballast"
        self.is_mounted = False

    def mount(self) -> bool:
        """Put it there; False when this user may not, and the folder stays an ordinary one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._mebibytes}m,mode=0711"
        command = ["mount", "-t", "tmpfs", "-o", options, "crmesh-faults", str(self._folder)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            return False
        self.is_mounted = done.returncode == 0
        return self.is_mounted

    def fill(self) -> None:
        """Take what is free; what others free meanwhile is theirs. Only a mounted disk (RuntimeError)."""
        if not self.is_mounted:
            raise RuntimeError(f"{self._folder} is not a disk of its own")
        block = b"\0" * CHUNK
        with self._ballast.open("ab", buffering=0) as file:
            for size in (CHUNK, 4096, 1):
                try:
                    while file.write(block[:size]) == size:
                        continue
                except OSError:
                    continue

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take the disk away with all that is on it."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self._folder)], capture_output=True, check=False)
            self.is_mounted = os.path.ismount(self._folder)
