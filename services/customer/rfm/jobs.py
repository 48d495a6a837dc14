"""The job that ranks accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.customer.rfm.service import rank_accounts


def rfm_job(runtime: Runtime) -> JobHandler:
    """Handler of `rfm-runs.run`: one transaction, so that a run is there whole or not at all."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            done = await rank_accounts(system_work(tx, runtime.service, runtime.settings), job.id)
            await job.checkpoint({"done": True}, tx)
        return {"accounts": done.sample_size}

    return run
