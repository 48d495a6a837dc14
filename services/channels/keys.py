"""Personal values under other keys: what is found by them is hashed anew while everything runs."""

from __future__ import annotations

from uuid import UUID

from kit.runtime import Runtime
from kit.work import system_work
from services.channels.partner_contacts import service as partner_contacts
from services.channels.partners import values as partners

BATCH = 200


async def fill_index(runtime: Runtime, *, batch: int = BATCH) -> int:
    """Let every hash stand in the columns of the index keys that are set and in no other, those of partners be of the
    keys that are set; how many persons' and partners' were not.

    A transaction per batch: what is committed stays, so the same call goes on after a kill.
    """
    total, after = await _fill_hashes(runtime, batch), UUID(int=0)
    while True:
        async with runtime.db.transaction() as tx:
            work = system_work(tx, runtime.service, runtime.settings)
            done = await partner_contacts.fill_index(work, after, batch)
        if not done and after.int == 0:
            return total
        # from the start again at the end: for what came meanwhile
        total, after = total + len(done), done[-1] if done else UUID(int=0)


async def _fill_hashes(runtime: Runtime, batch: int) -> int:
    total, after = 0, UUID(int=0)
    while True:
        async with runtime.db.transaction() as tx:
            work = system_work(tx, runtime.service, runtime.settings)
            last, done = await partners.fill_hashes(work, after, batch)
        total += done
        if last is None:
            return total
        after = last


async def left_to_fill(runtime: Runtime) -> bool:
    """Whether some hash stands in other columns than those of the index keys that are set, or is of other keys."""
    async with runtime.db.reading() as tx:
        work = system_work(tx, runtime.service, runtime.settings)
        return await partner_contacts.is_index_left(work) or await partners.is_hash_left(work, BATCH)
