"""The job that hands many accounts over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.principals import Actor
from kit.work import Work
from services.customer.ownership.service import NO_ID
from services.customer.transfers.service import transfer_some

COUNTED = ("accounts", "orders", "opportunities")
"""What a hand-over says at its end."""


def transfer_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.transfer`: a step is a transaction that keeps where it is.

    So each account is handed over once and announced once, whatever ends the worker.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
        state = {"after": str(NO_ID), **dict.fromkeys(COUNTED, 0), **(job.state or {})}
        while True:
            async with runtime.db.transaction() as tx:
                work = Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings)
                step = await transfer_some(work, job.id, job.params, UUID(state["after"]))
                if step.last is None:
                    return {name: state[name] for name in COUNTED}
                state = {"after": str(step.last), **{name: state[name] + getattr(step, name) for name in COUNTED}}
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run
