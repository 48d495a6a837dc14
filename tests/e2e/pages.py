"""Commands of the documents, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def commands(page: Path) -> str:
    """The `sh` blocks of a page, one after another."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL))


def run_script(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a reader's shell does, to its first failure."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
