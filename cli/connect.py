"""Reaching a system's databases and log from a command: by its data folder, else by the environment."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from kit.events.bus import TopicPartition
from kit.events.envelope import topic_of
from kit.events.rebuild import Progress, rebuild
from kit.events.verify import Finding
from kit.process import make_bus, make_runtime
from kit.runtime import Runtime
from kit.settings import ServiceSettings
from standalone.registry import SERVICES, room
from standalone.system import kept_keys, system_file


class NotRunning(Exception):
    """No system runs on the data folder."""


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


def projections() -> list[tuple[str, str]]:
    """(service, projection) of everything that can be rebuilt."""
    return [
        (name, projection) for name in SERVICES for projection in room(name, "subscriptions").subscriptions.projections
    ]


OnProgress = Callable[[str, str], Progress]
"""Given (service, projection): what to call while it is rebuilt."""


async def rebuild_all(
    made: dict[str, Runtime],
    *,
    only: str | None = None,
    swap: bool = False,
    force: bool = False,
    on_progress: OnProgress | None = None,
) -> list[dict[str, Any]]:
    """Rebuild and compare every projection (of service `only`, or `service/projection`).

    With `swap` the rebuilt rows take the place of the live ones: equal ones, with `force` differing ones too.
    """
    reports = []
    for service, name in projections():
        if service in made and (only is None or only in (service, f"{service}/{name}")):
            runtime = made[service]
            subscriptions = room(service, "subscriptions").subscriptions
            progress = on_progress(service, name) if on_progress else None
            report = await rebuild(
                runtime.db, runtime.bus, subscriptions, name, swap=swap, force=force, progress=progress
            )
            reports.append(report.as_dict())
    return reports


async def verify_all(made: dict[str, Runtime]) -> list[dict[str, Any]]:
    """Derive every decision again from its stored inputs."""
    findings: list[Finding] = []
    for service, runtime in made.items():
        findings += await room(service, "verify").verify(runtime.db, runtime.bus)
    return [asdict(finding) for finding in findings]


async def log_ends(made: dict[str, Runtime]) -> dict[TopicPartition, int]:
    """Where the log of every service ends now."""
    bus = next(iter(made.values())).bus
    return {place: end for name in SERVICES for place, (_first, end) in (await bus.bounds(topic_of(name))).items()}
