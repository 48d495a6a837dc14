"""What a data folder says: the system that runs on it, its bus, its keys."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import psutil

from kit.security.cipher import keys_of_secret


class NotRunning(Exception):
    """No system runs on the data folder."""


def system_file(folder: Path) -> Path:
    """Describes the system that runs on a data folder, for other commands."""
    return folder / "system.json"


def read_system(folder: Path) -> dict[str, Any]:
    """What the system on a data folder wrote about itself; raises NotRunning, also when it was killed."""
    try:
        body: dict[str, Any] = json.loads(system_file(folder).read_text())
        # numbers of processes are used again, their moment of creation is not
        if psutil.Process(body["pid"]).create_time() == body["started"]:
            return body
    except (FileNotFoundError, psutil.NoSuchProcess):
        pass
    raise NotRunning(f"no system runs on {folder}: start it with `crmesh run`")


def kept_bus(folder: Path) -> tuple[str, str]:
    """The bus of a data folder and the id of its Kafka cluster; empty what is not known (yet)."""
    try:
        kind, _, cluster = (folder / "bus").read_text().strip().partition(" ")
    except FileNotFoundError:
        return "", ""
    return kind, cluster


def kept_keys(secret: str) -> dict[str, str]:
    """Keys for personal values where the environment names none: made of the secret that a data folder keeps."""
    unset = [name for name in ("keys", "index_keys", "identity_key") if not os.environ.get(f"CRMESH_{name.upper()}")]
    return {name: keys_of_secret(secret, name) for name in unset}


def kept_secret(path: Path) -> str:
    """The secret of a data folder, made when it is first asked for; only its owner may read it."""
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        fresh.replace(path)
    return path.read_text()


def write_whole(path: Path, text: str) -> None:
    """Nobody ever reads half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
