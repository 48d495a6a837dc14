"""Long work of the attainment: the rebuild of the credit ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.events.handlers import Subscriptions
from kit.events.rebuild import rebuild
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime

REBUILD = "attainment.rebuild"
PROJECTION = "credits"


def rebuild_job(runtime: Runtime, subscriptions: Subscriptions) -> JobHandler:
    """Handler of `attainment.rebuild`: folds the credit facts again, compares, swaps when asked and equal."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        swap = bool(job.params["swap"])
        report = await rebuild(runtime.db, runtime.bus, subscriptions, PROJECTION, swap=swap, progress=job.progress)
        return report.as_dict()

    return run
