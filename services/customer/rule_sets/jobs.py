"""The job that labels accounts by a rule set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.work import system_work
from services.customer.rule_sets.service import label_some


def run_job(runtime: Runtime) -> JobHandler:
    """Handler of `rule-sets.run`: a step is a transaction that keeps where it is; the result counts how many accounts
    move from which label to which (null: none)."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        state = job.state or {"after": str(UUID(int=0)), "accounts": 0, "moves": []}
        while True:
            async with runtime.db.transaction() as tx:
                work = system_work(tx, runtime.service, runtime.settings)
                after, count, changed = await label_some(work, job.params, UUID(state["after"]))
                if after is None:
                    return _result(state)
                sums = Counter({(before, then): n for before, then, n in state["moves"]}) + Counter(changed)
                state = {
                    "after": str(after),
                    "accounts": state["accounts"] + count,
                    "moves": [[*move, n] for move, n in sorted(sums.items(), key=_spelt)],
                }
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run


def _spelt(move: tuple[tuple[str | None, str | None], int]) -> tuple[str, str]:
    (before, then), _ = move
    return before or "", then or ""


def _result(state: Mapping[str, Any]) -> Mapping[str, Any]:
    moves = [{"from": before, "to": then, "accounts": n} for before, then, n in state["moves"]]
    return {"accounts": state["accounts"], "changed": sum(one["accounts"] for one in moves), "moves": moves}
