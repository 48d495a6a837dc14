"""The pages as a stranger follows them: their blocks of code, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.source import ROOT

FILES = {"js": "subscriber.mjs", "ts": "program.ts", "python": "program.py"}


@dataclass(frozen=True)
class Block:
    """A block of code below a heading."""

    heading: str
    language: str
    text: str

    def commands(self) -> list[str]:
        """Commands of a block that are set apart by empty lines."""
        return [part.strip() for part in self.text.split("\n\n") if part.strip()]


def blocks(page: str) -> list[Block]:
    """Every block of a page of the documentation, in order."""
    found, heading = [], ""
    for title, language, text in re.findall(
        r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL
    ):
        if title:
            heading = title
        else:
            found.append(Block(heading, language, text))
    return found


def below(page: str, heading: str) -> list[Block]:
    """The blocks below a heading."""
    found = [block for block in blocks(page) if block.heading == heading]
    assert found, f"{page} has no code below {heading!r}"
    return found


def script_of(page: str, heading: str) -> str:
    """What the page says to type below its first heading and below this one."""
    first = blocks(page)[0]
    parts = [first, *(block for block in below(page, heading) if block.language == "sh")]
    return "\n".join(["set -euo pipefail", *(part.text for part in parts)])


def save_programs(page: str, heading: str, folder: Path) -> None:
    """Save the programs below a heading under the names that the page gives them."""
    for block in below(page, heading):
        if block.language in FILES:
            (folder / FILES[block.language]).write_text(block.text)


def run(script: str, folder: Path, timeout: float = 300, **environment: str) -> str:
    """What a bash script prints; it must succeed, within `timeout` seconds."""
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
