"""The jobs that fit the model: they read, compute beside the event loop, and keep the whole in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.customer.churn.fitting import fit_groups
from services.customer.churn.rules import LEAST_REPEAT_BUYERS
from services.customer.churn.service import groups_for, keep_fit, start_monthly


def fit_job(runtime: Runtime) -> JobHandler:
    """Handler of `churn-fits.run`: an attempt that was cut off is made again from the beginning, and shows the same."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        async with runtime.db.transaction() as tx:
            groups = await groups_for(system_work(tx, runtime.service, runtime.settings), job.id)
        if groups is None:
            return {}
        is_enough = sum(one.accounts for one in groups if one.repeats) >= LEAST_REPEAT_BUYERS
        found = await asyncio.to_thread(fit_groups, groups) if is_enough else None
        async with runtime.db.transaction() as tx:
            done = await keep_fit(system_work(tx, runtime.service, runtime.settings), job.id, groups, found)
            await job.checkpoint({"done": True}, tx)
        return {"accounts": done.sample_size, "warned": done.warned_accounts}

    return run


def monthly_job(runtime: Runtime) -> JobHandler:
    """Handler of `churn-fits.monthly`, which is begun every night: the first of a month without a fit makes one."""
    fit = fit_job(runtime)

    async def run(job: JobContext) -> Mapping[str, Any] | None:
        async with runtime.db.transaction() as tx:
            is_due = await start_monthly(system_work(tx, runtime.service, runtime.settings), job.id)
        return await fit(job) if is_due else {}

    return run
