"""The jobs that hand many accounts over, and let their other rows follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.principals import Actor
from kit.work import Work
from services.customer.ownership.service import NO_ID
from services.customer.transfers.service import history_some, transfer_some

COUNTED = ("accounts", "orders", "opportunities")
"""What a hand-over says at its end."""


def _work(runtime: Runtime, job: JobContext, tx: Tx) -> Work:
    """In the name of who asked for it."""
    actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
    return Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings)


def transfer_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.transfer`: a step is a transaction that keeps where it is.

    So each account is handed over once and announced once, whatever ends the worker.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        counted = (*COUNTED, *(("others",) if job.params.get("history") else ()))
        state = {"after": str(NO_ID), **dict.fromkeys(counted, 0), **(job.state or {})}
        while True:
            async with runtime.db.transaction() as tx:
                step = await transfer_some(_work(runtime, job, tx), job.id, job.params, UUID(state["after"]))
                if step.after is None:
                    return {name: state[name] for name in counted}
                sums = {name: state[name] + getattr(step, name) for name in counted}
                state = {"after": str(step.after), **sums}
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run


def history_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.history`: a step is a transaction; a row that has followed is not met again."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        rows = int((job.state or {}).get("rows", 0))
        while True:
            async with runtime.db.transaction() as tx:
                followed = await history_some(_work(runtime, job, tx), job.params)
                if not followed:
                    return {"rows": rows}
                rows += followed
                job.done = rows
                await job.checkpoint({"rows": rows}, tx)

    return run
