"""Rows that follow their accounts by more than a transaction."""

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
    """Handler of `orders.follow`: rows of `accounts`, of all without, carry the owner that their account has then.

    Each step is a transaction that holds the accounts and keeps where it is. An account that is handed over meanwhile
    takes care of its rows by itself.
    """

    async def run(job: JobContext) -> Mapping[str, Any]:
        named = job.params.get("accounts")
        accounts = None if named is None else [UUID(one) for one in named]
        state = {"table": repository.CARRIERS[0], "after": str(NO_ID), "orders": 0} | (job.state or {})
        while True:
            table = state["table"]
            async with runtime.db.transaction() as tx:
                behind, of = await repository.find_behind(tx, table, accounts, UUID(state["after"]), AT_ONCE)
                if behind:
                    await repository.hold_accounts(tx, of)
                    followed = await repository.follow(tx, table, behind, clock.now())
                    state = state | {"after": str(behind[-1])}
                    if table == repository.CARRIERS[0]:
                        state = state | {"orders": state["orders"] + followed}
                elif table == repository.CARRIERS[-1]:
                    return {"orders": state["orders"]}
                else:
                    following = repository.CARRIERS[repository.CARRIERS.index(table) + 1]
                    state = state | {"table": following, "after": str(NO_ID)}
                job.done = state["orders"]
                await job.checkpoint(state, tx)

    return run
