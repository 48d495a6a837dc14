"""The job that scores accounts and partners, some thousand at a time: each step is there whole or not at all, once."""

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
from services.risk.profiles.enums import SubjectKind
from services.risk.scorecards import repository
from services.risk.scorecards.enums import ScoringCause
from services.risk.scorecards.service import Scoring, rules_on, score_subjects

PROJECTIONS: Final = ("receivable", "account_redirect")
"""What figures are read from."""
CHUNK: Final = 2000
BEGUN: Final[Mapping[str, Any]] = {"after": None, "accounts": 0}


def scoring_job(runtime: Runtime) -> JobHandler:
    """Handler of `scoring-runs.run`: accounts, then partners, by id, so that none is scored twice."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        cause, as_of = ScoringCause(job.params["cause"]), date.fromisoformat(job.params["as_of"])
        async with runtime.db.transaction() as tx:
            await require_filled(tx, PROJECTIONS)
            job.total = job.total or await repository.count_subjects(tx, *SubjectKind)
        state: dict[str, Any] = {"kind": SubjectKind.ACCOUNT, "partners": 0, **(job.state or BEGUN)}
        while not state.get("is_done"):
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                how = Scoring(cause, job.id, applies=job.params["applies"], kind=SubjectKind(state["kind"]))
                after = None if state["after"] is None else UUID(state["after"])
                ids = await repository.next_subjects(tx, how.kind, after, CHUNK)
                if ids:
                    done = await score_subjects(work, await rules_on(work, as_of), ids, how)
                    counted = f"{how.kind}s"
                    state = {**state, "after": str(ids[-1]), counted: state[counted] + len(done)}
                elif how.kind is SubjectKind.ACCOUNT:
                    state = {**state, "kind": SubjectKind.PARTNER, "after": None}
                else:
                    await repository.finish_run(tx, job.id, state["accounts"], state["partners"], clock.now())
                    state = {**state, "is_done": True}
                job.done = state["accounts"] + state["partners"]
                await job.checkpoint(state, tx)
        return {"accounts": state["accounts"], "partners": state["partners"]}

    return run
