"""The job that scores all accounts, some thousand at a time: each step is there whole or not at all, and once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from kit import clock
from kit.events.projections import require_filled
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.risk.scorecards import repository
from services.risk.scorecards.enums import ScoringCause
from services.risk.scorecards.service import rules_on, score_accounts

PROJECTIONS: Final = ("receivable", "account_redirect")
"""What figures are read from."""
CHUNK: Final = 2000


def scoring_job(runtime: Runtime) -> JobHandler:
    """Handler of `scoring-runs.run`: accounts by id, so that one that was scored is not scored again."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        cause, as_of = ScoringCause(job.params["cause"]), date.fromisoformat(job.params["as_of"])
        async with runtime.db.transaction() as tx:
            await require_filled(tx, PROJECTIONS)
            job.total = job.total or await repository.count_accounts(tx)
        state: dict[str, Any] = job.state or {"after": None, "accounts": 0}
        while not state.get("is_done"):
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                after = None if state["after"] is None else UUID(state["after"])
                ids = await repository.next_accounts(tx, after, CHUNK)
                if ids:
                    rules = await rules_on(work, as_of)
                    done = await score_accounts(work, rules, ids, cause, job.id, applies=job.params["applies"])
                    state = {"after": str(ids[-1]), "accounts": state["accounts"] + len(done)}
                else:
                    await repository.finish_run(tx, job.id, state["accounts"], clock.now())
                    state = {**state, "is_done": True}
                job.done = state["accounts"]
                await job.checkpoint(state, tx)
        return {"accounts": state["accounts"]}

    return run
