"""What is derived, derived again: every projection and ledger from the log, every decision from its inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from kit.events.bus import TopicPartition
from kit.events.envelope import topic_of
from kit.events.rebuild import Progress, rebuild
from kit.events.verify import Finding
from kit.runtime import Runtime
from standalone.registry import SERVICES, room


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
