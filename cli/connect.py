"""Reaching a system's databases and log from a command: by its data folder, else by the environment."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kit.runtime import Runtime, make_bus, make_runtime
from kit.settings import ServiceSettings
from standalone.folder import NotRunning, kept_keys, read_system
from standalone.registry import SERVICES, room


def overrides(folder: Path | None) -> dict[str, Any]:
    """Settings that point at the system of a data folder. Without a folder: of the usual one when a system runs there
    and CRMESH_POSTGRES does not name a server, else none (the environment speaks)."""
    folder = folder or default_folder()
    if folder is None:
        return {}
    system = read_system(folder)
    secret = (folder / "secret").read_text()
    return {
        "postgres": system["postgres"],
        "bus": system["bus"],
        "kafka": system["kafka"] or "127.0.0.1:9092",
        "secret": secret,
        **kept_keys(secret),
    }


def usual_folder() -> Path:
    """Where `crmesh run` keeps its data unless told otherwise."""
    return Path(os.environ.get("CRMESH_DATA", Path.home() / ".local" / "share" / "crmesh"))


def reachable(folder: Path | None) -> tuple[str, ...]:
    """Services whose database and secret are at hand: all of a data folder and of a developer's environment, one in a
    process of a service (CRMESH_SERVICE)."""
    own = os.environ.get("CRMESH_SERVICE", "")
    return (own,) if own in SERVICES and (folder or default_folder()) is None else SERVICES


def settings_of(service: str, folder: Path | None, **changes: Any) -> ServiceSettings:
    """Settings of a service of the system that a command is about. Raises ForeignEnvironment, NotRunning."""
    found = overrides(folder)
    if found:
        found["service"] = service
    made: ServiceSettings = room(service, "settings").Settings(**changes, **found)
    return made


def default_folder() -> Path | None:
    """The usual folder, when a system runs there and CRMESH_POSTGRES does not name a server."""
    if "CRMESH_POSTGRES" in os.environ:
        return None
    try:
        read_system(usual_folder())
    except NotRunning:
        return None
    return usual_folder()


@asynccontextmanager
async def runtimes(
    folder: Path | None, services: Sequence[str] = (), *, needs_log: bool = True
) -> AsyncIterator[dict[str, Runtime]]:
    """Runtimes of services (of all that are reachable when none is named) with few connections, sharing one bus, which
    is not started when the command does not need the log.

    Raises ForeignEnvironment for one that this environment does not reach.
    """
    names = services or reachable(folder)
    settings = {name: settings_of(name, folder, pool_writers=2, pool_readers=1) for name in names}
    bus = make_bus(settings[names[0]], "crmesh-cli")
    if needs_log:
        await bus.start()
    made = {name: make_runtime(settings[name], bus=bus) for name in names}
    try:
        yield made
    finally:
        for runtime in made.values():
            await runtime.db.stop()
        await bus.stop()
