"""Whoever may work an account may work its orders: they carry its owner, and follow when it is handed over."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit import clock
from kit.jobs.jobs import enqueue
from kit.work import Work
from services.customer.ownership import repository

FOLLOW = "orders.follow"
"""Kind of the job that lets orders and other rows follow their accounts."""
AT_ONCE = 1_000
"""Most rows of a table that follow in the transaction of the hand-over itself."""
NO_ID = UUID(int=0)


async def rows_follow(work: Work, accounts: Collection[UUID]) -> None:
    """Give the orders of accounts, which the caller has locked and written, their owner, and let the others carry it.

    More than AT_ONCE of a table are left to a job: until it is done they are found in the lists of who had them, or of
    nobody, but worked by who has the account.
    """
    is_left = False
    for table in repository.CARRIERS if accounts else ():
        behind, _accounts = await repository.find_behind(work.tx, table, accounts, NO_ID, AT_ONCE + 1)
        if len(behind) > AT_ONCE:
            is_left = True
        elif behind:
            await repository.follow(work.tx, table, behind, clock.now())
    if is_left:
        await enqueue(work.tx, FOLLOW, {"accounts": sorted(map(str, accounts))}, work.actor.subject)
