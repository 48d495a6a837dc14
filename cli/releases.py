"""Released contracts: one committed snapshot per release, which is never written again."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from cli.asyncapi import encode, event_schema, headers_schema, published_by
from cli.compatibility import incompatibilities
from kit.events.envelope import PARTITIONS, topic_of
from standalone.registry import SERVICES

FOLDER: Final = "released"

Snapshot = dict[str, Any]


class AlreadyReleased(Exception):
    """This version has been released with other contracts."""


def snapshot() -> Snapshot:
    """What the code promises now: headers, and of every event its topic, key, subject, schema and example."""
    events = {
        model.TYPE: {
            "topic": topic_of(service),
            "partitions": PARTITIONS,
            "key": model.KEY,
            "subject": model.SUBJECT,
            "schema": event_schema(model),
            "example": model.EXAMPLE,
        }
        for service in SERVICES
        for model in published_by(service)
    }
    return {"version": version("crmesh"), "headers": headers_schema(), "events": events}


def releases(folder: Path) -> list[Snapshot]:
    """Every released snapshot of a contracts folder."""
    return [json.loads(path.read_text()) for path in sorted((folder / FOLDER).glob("*.json"))]


def broken_promises(folder: Path) -> list[str]:
    """One sentence per change of the code that breaks a release; empty when all of them hold."""
    current = snapshot()
    return [
        f"{released['version']}: {reason}"
        for released in releases(folder)
        for reason in incompatibilities(released, current)
    ]


def release(folder: Path) -> Path:
    """Write the snapshot of this version; a second time it changes nothing. Raises AlreadyReleased."""
    current = snapshot()
    path = folder / FOLDER / f"{current['version']}.json"
    content = encode(current)
    if path.exists() and path.read_bytes() != content:
        raise AlreadyReleased(current["version"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
