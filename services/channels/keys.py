"""Personal values under other keys: what is found by them is hashed anew while everything runs."""

from __future__ import annotations

from uuid import UUID

from kit.runtime import Runtime
from kit.work import system_work
from services.channels.partner_contacts import service as partner_contacts

BATCH = 200


async def fill_index(runtime: Runtime, *, batch: int = BATCH) -> int:
    """Let every hash stand in the columns of the index keys that are set and in no other; how many persons' were not.

    A transaction per batch: what is committed stays, so the same call goes on after a kill.
    """
    total, after = 0, UUID(int=0)
    while True:
        async with runtime.db.transaction() as tx:
            work = system_work(tx, runtime.service, runtime.settings)
            done = await partner_contacts.fill_index(work, after, batch)
        if not done and after.int == 0:
            return total
        # from the start again at the end: for what came meanwhile
        total, after = total + len(done), done[-1] if done else UUID(int=0)


async def left_to_fill(runtime: Runtime) -> bool:
    """Whether some hash stands in other columns than those of the index keys that are set."""
    async with runtime.db.reading() as tx:
        return await partner_contacts.is_index_left(system_work(tx, runtime.service, runtime.settings))
