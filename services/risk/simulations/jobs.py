"""The job that simulates a policy, some thousand subjects at a time: each step is there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from kit.events.projections import require_filled
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.risk.scorecards.jobs import PROJECTIONS
from services.risk.simulations import service

CHUNK: Final = 2000


def policy_simulation_job(runtime: Runtime) -> JobHandler:
    """Handler of `risk-policies.simulate`: subjects of each kind by id, so that one that was looked at is not looked at
    again."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            await require_filled(tx, PROJECTIONS)
            work = system_work(tx, runtime.service, runtime.settings)
            one = await service.require_simulation(work, job.id)
            job.total = job.total or await service.count_subjects(work, one)
        state: dict[str, Any] = {"kinds": 0, **(job.state or {"after": None, "subjects": 0})}
        kinds = service.kinds_of(one)
        while not state.get("is_done"):
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                after = None if state["after"] is None else UUID(state["after"])
                kind = kinds[state["kinds"]]
                ids = await service.simulate_next(work, one, job.params["versions"], after, CHUNK, kind)
                if ids:
                    state = {**state, "after": str(ids[-1]), "subjects": state["subjects"] + len(ids)}
                elif kind is not kinds[-1]:
                    state = {**state, "kinds": state["kinds"] + 1, "after": None}
                else:
                    await service.finish_simulation(work, job.id, state["subjects"])
                    state = {**state, "is_done": True}
                job.done = state["subjects"]
                await job.checkpoint(state, tx)
        return {"subjects": state["subjects"]}

    return run
