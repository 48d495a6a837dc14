"""The job that compares all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from services.customer.identity import repository
from services.customer.identity.service import pair_up

SCAN = "accounts.duplicates"
"""Kind of the job that compares all accounts."""
BATCH = 500
"""Accounts of a step, which nobody else can change meanwhile."""


def scan_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.duplicates`: a step is a transaction that keeps where it is. The result counts accounts,
    pairs that may be one, and keys that were skipped because too many accounts hold them."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        state = job.state or {"after": str(UUID(int=0)), "accounts": 0, "pairs": 0}
        while True:
            async with runtime.db.transaction() as tx:
                ids = await repository.next_accounts(tx, UUID(state["after"]), BATCH)
                if not ids:
                    skipped = await repository.skipped_keys(tx)
                    return {"accounts": state["accounts"], "pairs": state["pairs"], "skipped_keys": skipped}
                pairs = await pair_up(tx, ids, lesser_only=True)
                state = {
                    "after": str(ids[-1]),
                    "accounts": state["accounts"] + len(ids),
                    "pairs": state["pairs"] + pairs,
                }
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run
