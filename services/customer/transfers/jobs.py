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


def transfer_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.transfer`: a step is a transaction that keeps where it is.

    So each account is handed over once and announced once, whatever ends the worker.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
        state = job.state or {"after": str(NO_ID), "accounts": 0, "orders": 0}
        while True:
            async with runtime.db.transaction() as tx:
                work = Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings)
                after, accounts, orders = await transfer_some(work, job.id, job.params, UUID(state["after"]))
                if after is None:
                    return {"accounts": state["accounts"], "orders": state["orders"]}
                state = {
                    "after": str(after),
                    "accounts": state["accounts"] + accounts,
                    "orders": state["orders"] + orders,
                }
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run
