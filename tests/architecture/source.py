"""The repository as these tests read it: files, syntax trees, imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "gateway", "kit", "services", "standalone")
SERVICES = ("channels", "customer", "risk", "targets")
SHARED = ("events_in", "events_out", "migrations")
"""Packages of a service that are no feature."""


@lru_cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Python files under these folders of the repository."""
    return tuple(sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")))


@lru_cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    """Path below the root, for messages."""
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def path_of(module: str) -> Path | None:
    """File of a module of the repository."""
    base = ROOT / module.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None)


def imports_of(path: Path) -> Iterator[str]:
    """Modules a file imports, everywhere in it; `from a import b` gives `a.b` when that is a module, else `a`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if path_of(inner) else node.module


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return functions_in(tree_of(path))


def functions_in(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def docstrings_of(path: Path) -> set[ast.AST]:
    """The nodes that are docstrings."""
    bodies = (getattr(node, "body", None) for node in ast.walk(tree_of(path)))
    firsts = (body[0] for body in bodies if isinstance(body, list) and body)
    return {first.value for first in firsts if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)}


def slices_of(service: str) -> tuple[str, ...]:
    """The feature folders of a service."""
    folder = ROOT / "services" / service
    return tuple(sorted(p.name for p in folder.iterdir() if (p / "__init__.py").exists() and p.name not in SHARED))


@lru_cache
def tracked_files() -> tuple[Path, ...]:
    """Files that git knows (all files, where there is no git)."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = [name_of(p) for p in ROOT.rglob("*") if not any(part.startswith(".venv") for part in p.parts)]
    return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())
