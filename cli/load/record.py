"""The load record: how far a load of a file has come, kept in the data folder."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson


@dataclass
class LoadRecord:
    """`done` counts the rows of each finished or running phase; `complete` when everything is in."""

    file_hash: str
    done: dict[str, int] = field(default_factory=dict)
    complete: bool = False


def file_hash(path: Path) -> str:
    """sha256 of the data file."""
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def load_record(folder: Path, path: Path) -> LoadRecord:
    """The record of this file in a data folder; a fresh one when there is none, or of another file."""
    digest = file_hash(path)
    stored = folder / "load.json"
    if stored.exists():
        record = LoadRecord(**orjson.loads(stored.read_bytes()))
        if record.file_hash == digest:
            return record
    return LoadRecord(digest)


def save_record(folder: Path, record: LoadRecord) -> None:
    """Replace the record atomically and durably."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"load.json.{os.getpid()}"
    with fresh.open("wb") as out:
        out.write(orjson.dumps(asdict(record)))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(folder / "load.json")
