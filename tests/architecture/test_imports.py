"""A command imports what it needs: each call of `crmesh` is a process, and the frameworks cost it seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.main import COMMANDS
from tests.architecture.source import ROOT

HEAVY = {"alembic", "fastapi", "numpy", "scipy", "services", "sqlalchemy", "sqlmodel", "uvicorn"}
ASKS_TABLES = {"cli.keys": {"sqlalchemy", "sqlmodel"}, "cli.migrate": {"sqlalchemy"}}
LIGHT = sorted({place.partition(":")[0] for place in COMMANDS.values()} - {"cli.contracts"})


def loaded(module: str) -> set[str]:
    """The heavy packages that are there after an import in a new process."""
    script = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} & HEAVY


@pytest.mark.parametrize("module", ["cli.main", *LIGHT])
def test_a_command_imports_no_framework_that_it_does_not_use(module: str) -> None:
    assert loaded(module) == ASKS_TABLES.get(module, set())


def test_the_program_itself_imports_no_command() -> None:
    script = "import sys, cli.main; print(*(name for name in sys.modules if name.startswith(('cli.', 'kit.'))))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cli.main"]
