"""Whoever may work an account may work its orders: they carry its owner, and follow when it is handed over."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit import clock
from kit.jobs.jobs import enqueue
from kit.work import Work
from services.customer.ownership import repository

FOLLOW = "orders.follow"
"""Kind of the job that lets orders follow their accounts."""
AT_ONCE = 1_000
"""Most orders that follow in the transaction of the hand-over itself."""
NO_ID = UUID(int=0)


async def orders_follow(work: Work, accounts: Collection[UUID]) -> int:
    """Give the orders of accounts, which the caller has locked and written, their owner; returns how many.

    More than AT_ONCE are left to a job and 0 is returned: until it is done they are found in the lists of who had
    them, but worked by who has the account.
    """
    if not accounts:
        return 0
    behind, _accounts = await repository.find_behind(work.tx, accounts, NO_ID, AT_ONCE + 1)
    if len(behind) > AT_ONCE:
        await enqueue(work.tx, FOLLOW, {"accounts": sorted(map(str, accounts))}, work.actor.subject)
        return 0
    return await repository.follow(work.tx, behind, clock.now()) if behind else 0
