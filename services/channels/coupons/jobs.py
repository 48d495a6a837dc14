"""The job that makes coupons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.channels.coupons.service import make_some


def coupons_job(runtime: Runtime) -> JobHandler:
    """Handler of `coupons.generate`: a step is a transaction that keeps where it is, so a batch has as many as were
    asked for, whatever ends the worker."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        promotion_id, wanted = UUID(job.params["promotion_id"]), int(job.params["count"])
        state = job.state or {"after": 0, "made": 0}
        while state["made"] < wanted:
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                after, made = await make_some(work, promotion_id, job.id, state["after"], wanted - state["made"])
                state = {"after": after, "made": state["made"] + made}
                job.done, job.total = state["made"], wanted
                await job.checkpoint(state, tx)
        return {"coupons": wanted or 1}

    return run
