"""Long work of the decompositions: cascades of many cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.principals import Actor, Reach
from kit.web.context import permissions_of
from kit.work import Work
from services.targets.decompositions.cascading import add_cascade
from services.targets.decompositions.schemas import CascadeCreate

Permissions = Mapping[str, frozenset[str]]


def cascade_job(runtime: Runtime, permissions: Permissions, reaches: Mapping[str, Reach]) -> JobHandler:
    """Handler of `decompositions.cascade`: one transaction in the name of who asked for it, as they may by then; a
    further attempt after its commit makes nothing more."""

    def work_of(job: JobContext, tx: Tx) -> Work:
        held = frozenset(job.params["roles"])
        actor = Actor(job.params["subject"], held, permissions_of(held, permissions))
        return Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings, reaches=reaches)

    async def run(job: JobContext) -> Mapping[str, Any]:
        if job.state:
            return dict(job.state)
        data = CascadeCreate.model_validate(job.params["asked"])
        async with runtime.db.transaction() as tx:
            made = await add_cascade(work_of(job, tx), UUID(job.params["target_id"]), data, job.check)
            job.done = job.total = made.cells
            result = made.model_dump(mode="json")
            await job.checkpoint(result, tx)
        return result

    return run
