"""Scenarios and studies of a service, and its jobs."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.jobs.jobs import JobRunner
from kit.testing.service import ServiceHarness
from services.risk.scenarios.schemas import EXAMPLE as SCENARIO
from services.risk.worker import jobs_of
from tests.risk.risks.register import entered

F1: dict[str, Any] = {"frequency": SCENARIO["frequency"], "severity": SCENARIO["severity"]}


async def scenario(service: ServiceHarness, **changes: Any) -> str:
    """Id of a new scenario, of a risk of its own unless one is given."""
    body = {**SCENARIO, **changes}
    if "risk_id" not in changes:
        body["risk_id"] = (await entered(service)).rpartition("/")[2]
    answer = await service.post("/v1/scenarios", body)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def scenario_of(service: ServiceHarness) -> dict[str, Any]:
    """What a study is of."""
    return {"scenario_ids": [await scenario(service)]}


async def study(service: ServiceHarness, *ids: str, **changes: Any) -> str:
    """Path of a new draft."""
    body = {"name": "Losses", "scenario_ids": list(ids) or [await scenario(service)], "trials": 10_000, "seed": 1}
    answer = await service.post("/v1/studies", {**body, **changes})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def run(service: ServiceHarness, path: str) -> dict[str, Any]:
    """Run a study."""
    answer = await service.post(f"{path}/run")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def work_off(service: ServiceHarness, count: int = 1) -> None:
    """Let workers run all jobs."""
    stop = asyncio.Event()
    runners = [
        JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.02, retry_delay=0.01) for _ in range(count)
    ]
    tasks = [asyncio.create_task(one.run(stop)) for one in runners]
    try:
        async with asyncio.timeout(120):
            sql = "SELECT FROM job WHERE state IN ('queued', 'running')"
            while await service.rows(sql):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def shown(service: ServiceHarness, path: str) -> dict[str, Any]:
    """The results of a study once it was run."""
    await run(service, path)
    await work_off(service)
    answer = await service.get(f"{path}/results")
    assert answer.status_code == 200, (answer.text, (await service.get(path)).json())
    found: dict[str, Any] = answer.json()
    return found
