"""The job that keeps the values of a field apart for filters, or drops them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.customer.custom_fields.service import Phase, Place, finish_index, index_some


def index_job(runtime: Runtime) -> JobHandler:
    """Handler of `custom-fields.index`: a step is a transaction that keeps where it is."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        state = job.state or {"phase": Phase.CLEAR, "after": str(UUID(int=0)), "rows": 0}
        at = Place(Phase(state["phase"]), UUID(state["after"]), state["rows"])
        while at.phase is not Phase.DONE:
            async with runtime.db.transaction() as tx:
                at = await index_some(system_work(tx, runtime.service, runtime.settings), job.params, at)
                job.done = at.rows
                await job.checkpoint({"phase": at.phase, "after": str(at.after), "rows": at.rows}, tx)
        async with runtime.db.transaction() as tx:
            await finish_index(system_work(tx, runtime.service, runtime.settings), job.params)
        return {"rows": at.rows}

    return run
