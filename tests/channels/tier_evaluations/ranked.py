"""Levels of partners in few words: programmes, sales, evaluations that have been worked off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.jobs.jobs import JobRunner
from kit.testing.service import ServiceHarness
from services.channels.worker import jobs_of
from tests.channels.conftest import Order, partner

PROGRAMMES = "/v1/tier-programmes"
PATH = "/v1/tier-evaluations"
QUARTER = ("2026-01-01", "2026-03-31")
NEXT = ("2026-04-01", "2026-06-30")
LEVELS: list[dict[str, Any]] = [
    {"code": "bronze", "name": "Bronze", "rank": 1},
    {"code": "silver", "name": "Silver", "rank": 2, "thresholds": {"revenue": 20_000_000}},
    {
        "code": "gold",
        "name": "Gold",
        "rank": 3,
        "thresholds": {"revenue": 100_000_000, "conflicts": 1},
        "benefits": {"discount": 50_000, "perks": ["Own account manager"]},
    },
]


def director(service: ServiceHarness) -> dict[str, str]:
    """Somebody who decides what the administrator has started."""
    return service.headers("director", "sales_director")


async def drafted(service: ServiceHarness, levels: Sequence[dict[str, Any]] = LEVELS, **changes: Any) -> dict[str, Any]:
    body = {"code": f"T-{new_id().hex}", "name": "Levels", "valid_from": "2026-01-01", "levels": levels, **changes}
    answer = await service.post(PROGRAMMES, body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def a_programme(service: ServiceHarness, levels: Sequence[dict[str, Any]] = LEVELS) -> dict[str, Any]:
    """A published programme."""
    path = f"{PROGRAMMES}/{(await drafted(service, levels))['id']}/publish"
    answer = await service.post(path, headers=director(service))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def seller(service: ServiceHarness) -> UUID:
    return await partner(service, f"P-{new_id().hex}")


async def sold(service: ServiceHarness, partner_id: UUID, net: int, on: str = "2026-02-14") -> Order:
    """A confirmed order of a partner."""
    order = Order(partner_id, [("rock", net)], date.fromisoformat(on))
    await service.deliver(order.confirmed())
    return order


async def work_off(service: ServiceHarness) -> None:
    """Let a worker do the jobs that are queued."""
    stop = asyncio.Event()
    task = asyncio.create_task(_runner(service).run(stop))
    deadline = time.monotonic() + 60
    while left := await service.rows("SELECT kind, state, error FROM job WHERE state IN ('queued', 'running')"):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.02)
    stop.set()
    await task


def _runner(service: ServiceHarness) -> JobRunner:
    return JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.02, retry_delay=0.01)


def asked(programme: dict[str, Any], days: tuple[str, str] = QUARTER) -> dict[str, Any]:
    return {"programme_id": programme["id"], "period_from": days[0], "period_to": days[1]}


async def evaluated(
    service: ServiceHarness, programme: dict[str, Any], days: tuple[str, str] = QUARTER
) -> dict[str, Any]:
    """A preview."""
    answer = await service.post(PATH, asked(programme, days))
    assert answer.status_code == 202, answer.text
    await work_off(service)
    found = await read(service, answer.json())
    assert found["state"] == "previewed", found
    return found


async def read(service: ServiceHarness, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await service.get(f"{PATH}/{made['id']}")).json()
    return found


async def result(service: ServiceHarness, made: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    answer = await service.get(f"{PATH}/{made['id']}/results/{partner_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def publish(service: ServiceHarness, made: dict[str, Any], effective_from: str, **options: Any) -> Any:
    """Ask for a publication."""
    body = {"effective_from": effective_from}
    return await service.post(f"{PATH}/{made['id']}/publish", body, **({"headers": director(service)} | options))


async def published(service: ServiceHarness, made: dict[str, Any], effective_from: str) -> dict[str, Any]:
    """An evaluation whose levels are there."""
    answer = await publish(service, made, effective_from)
    assert answer.status_code == 202, answer.text
    await work_off(service)
    found = await read(service, made)
    assert found["state"] == "published", found
    return found


async def tier(service: ServiceHarness, partner_id: UUID, **query: str) -> dict[str, Any]:
    of = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await service.get(f"/v1/partners/{partner_id}/tier?{of}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(service: ServiceHarness) -> list[dict[str, Any]]:
    """What was said of levels."""
    return [event.payload for event in await service.published("channels.tier.changed.v1")]


async def in_quarter(service: ServiceHarness, revenue: dict[UUID, int], on: str) -> None:
    """What partners sell on a day."""
    for partner_id, net in revenue.items():
        await sold(service, partner_id, net, on)
