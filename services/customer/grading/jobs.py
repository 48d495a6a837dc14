"""The job that grades accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.customer.grading.service import grade_all


def grading_job(runtime: Runtime) -> JobHandler:
    """Handler of `grading-runs.run`: one transaction, so that grades, results and events are there whole or not at
    all."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            done = await grade_all(system_work(tx, runtime.service, runtime.settings), job.id)
            await job.checkpoint({"done": True}, tx)
        return {"accounts": done.sample_size, "changed": done.changed_accounts, "dry_reason": done.dry_reason}

    return run
