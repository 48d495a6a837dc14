"""The job that moves the credited lines of a member to the units where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.targets.credits.service import correct_some


def correct_job(runtime: Runtime) -> JobHandler:
    """Handler of `credits.correct`: a step is a transaction, and what is still misplaced is the next one's, whatever
    ended the last."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        member_id, since = UUID(job.params["member_id"]), date.fromisoformat(job.params["since"])
        state = job.state or {"lines": 0}
        while True:
            async with runtime.db.transaction() as tx:
                lines = await correct_some(system_work(tx, runtime.service, runtime.settings), member_id, since)
                if not lines:
                    return state
                state = {"lines": state["lines"] + lines}
                job.done = state["lines"]
                await job.checkpoint(state, tx)

    return run
