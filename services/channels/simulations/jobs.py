"""The job that calculates a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.channels.simulations.service import keep, simulate


def simulation_job(runtime: Runtime) -> JobHandler:
    """Handler of `rebate-simulations.run`: it reads as of one moment, and keeps all or nothing."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            results = await simulate(system_work(tx, runtime.service, runtime.settings), job.id)
        async with runtime.db.transaction() as tx:
            done = await keep(system_work(tx, runtime.service, runtime.settings), job.id, results)
            await job.checkpoint({"done": True}, tx)
        return {"state": done.state, "partners": done.partners}

    return run
