"""The job that calculates statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.security.principals import Actor
from kit.work import Work
from services.channels.statements.schemas import RebateStatementsRun
from services.channels.statements.service import NO_ID, calculate, next_partner


def statements_job(runtime: Runtime) -> JobHandler:
    """Handler of `rebate-statements.calculate`: a partner is a transaction that keeps where it is.

    So a partner has one statement of a run, whatever ends the worker.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        actor = Actor(job.params["subject"], frozenset(job.params["roles"]), frozenset())
        asked = RebateStatementsRun.model_validate(
            {name: job.params[name] for name in RebateStatementsRun.model_fields}
        )
        state = job.state or {"after": str(NO_ID), "partners": 0, "statements": 0}
        while True:
            async with runtime.db.transaction() as tx:
                work = Work(tx=tx, actor=actor, service=runtime.service, settings=runtime.settings)
                partner_id = await _next(work, asked.partner_id, UUID(state["after"]))
                if partner_id is None:
                    return {"partners": state["partners"], "statements": state["statements"]}
                made = await calculate(work, partner_id, asked)
                state = {
                    "after": str(partner_id),
                    "partners": state["partners"] + 1,
                    "statements": state["statements"] + (made is not None),
                }
                job.done = state["partners"]
                await job.checkpoint(state, tx)

    return run


async def _next(work: Work, asked: UUID | None, after: UUID) -> UUID | None:
    if asked is None:
        return await next_partner(work, after)
    return asked if after == NO_ID else None
