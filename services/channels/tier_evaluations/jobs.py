"""Jobs of evaluations: what is calculated is there whole or not at all; levels are written by steps, shown at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.channels.tier_evaluations.publication import NOBODY, finish, write_some
from services.channels.tier_evaluations.service import calculate


def evaluation_job(runtime: Runtime) -> JobHandler:
    """Handler of `tier-evaluations.run`: one transaction."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            done = await calculate(system_work(tx, runtime.service, runtime.settings), job.id)
            await job.checkpoint({"done": True}, tx)
        return {"state": done.state, "partners": done.partners}

    return run


def publication_job(runtime: Runtime) -> JobHandler:
    """Handler of `tier-evaluations.publish`: a step is a transaction that keeps where it is; the last one shows all."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        evaluation_id = UUID(job.params["evaluation_id"])
        state = job.state or {"after": str(NOBODY), "partners": 0}
        while True:
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                put = await write_some(work, evaluation_id, UUID(state["after"]))
                if put.last is not None:
                    state = {"after": str(put.last), "partners": state["partners"] + put.partners}
                    job.done = state["partners"]
                else:
                    done = await finish(work, evaluation_id)
                await job.checkpoint(state, tx)
            if put.last is None:
                return {"state": done.state, "partners": state["partners"]}

    return run
