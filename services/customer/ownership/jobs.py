"""Orders that follow their accounts by more than a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit import clock
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from services.customer.ownership import repository
from services.customer.ownership.service import AT_ONCE, NO_ID


def follow_job(runtime: Runtime) -> JobHandler:
    """Handler of `orders.follow`: the orders of `accounts`, of all without, take the owner that their account has then.

    Each step is a transaction that holds the accounts and keeps where it is. An account that is handed over meanwhile
    takes care of its orders by itself.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        named = job.params.get("accounts")
        accounts = None if named is None else [UUID(one) for one in named]
        state = job.state or {"after": str(NO_ID), "orders": 0}
        while True:
            async with runtime.db.transaction() as tx:
                behind, of = await repository.find_behind(tx, accounts, UUID(state["after"]), AT_ONCE)
                if not behind:
                    return {"orders": state["orders"]}
                await repository.hold_accounts(tx, of)
                followed = await repository.follow(tx, behind, clock.now())
                state = {"after": str(behind[-1]), "orders": state["orders"] + followed}
                job.done = state["orders"]
                await job.checkpoint(state, tx)

    return run
