"""Personal values under other keys: what is found by them is hashed anew while everything runs."""

from __future__ import annotations

from uuid import UUID

from kit.runtime import Runtime
from kit.work import system_work
from services.customer.contacts import service as contacts
from services.customer.leads import service as leads

BATCH = 200
FILLS = (contacts.fill_index, leads.fill_index)
LEFT = (contacts.is_index_left, leads.is_index_left)


async def fill_index(runtime: Runtime, *, batch: int = BATCH) -> int:
    """Let every hash stand in the columns of the index keys that are set and in no other; how many persons' were not.

    A transaction per batch: what is committed stays, so the same call goes on after a kill.
    """
    total = 0
    for fill in FILLS:
        after = UUID(int=0)
        while True:
            async with runtime.db.transaction() as tx:
                done = await fill(system_work(tx, runtime.service, runtime.settings), after, batch)
            if not done and after.int == 0:
                break
            # from the start again at the end: for what came meanwhile
            total, after = total + len(done), done[-1] if done else UUID(int=0)
    return total


async def left_to_fill(runtime: Runtime) -> bool:
    """Whether some hash stands in other columns than those of the index keys that are set."""
    async with runtime.db.reading() as tx:
        work = system_work(tx, runtime.service, runtime.settings)
        return any([await is_left(work) for is_left in LEFT])
