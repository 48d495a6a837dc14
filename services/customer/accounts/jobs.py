"""What goes through all accounts: keys of tax ids and what is not valid of rows that have none, quality every night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.clock import business_date
from kit.db.database import Tx
from kit.jobs.jobs import JobContext, JobHandler
from kit.runtime import Runtime
from kit.tax_ids import formatted_tax_id
from services.customer.accounts import repository
from services.customer.accounts.repository import TaxId
from services.customer.accounts.rules import invalid_weight


async def fill_tax_ids(tx: Tx, after: UUID, count: int) -> UUID | None:
    """Key and format at most so many tax ids behind an id; returns the last id, None when none is left.

    An organisation whose number another one has keeps its spelling and is marked as its twin: the number stays the
    other's, and `crmesh doctor` names it.
    """
    rows = await repository.tax_ids_to_key(tx, after, count)
    if not rows:
        return None
    if not await _made(tx, [_keyed(row) for row in rows]):
        for row in rows:
            # the spelling may be another's that is spelt so already, the number may be another's
            spelt = row.tax_id
            for one in (_keyed(row), _keyed(row, spelt), _keyed(row, spelt, is_twin=True)):
                if await _made(tx, [one]):
                    break
    return rows[-1].id


def _keyed(row: TaxId, shown: str = "", *, is_twin: bool = False) -> dict[str, Any]:
    """The columns of a row's tax id, by default as its country writes it."""
    shown = shown or formatted_tax_id(row.country, row.tax_id) or row.tax_id
    keys = repository.keys_of_tax_id(row.country, shown)
    return {"id": row.id, "tax_id": shown, **keys, "is_tax_id_twin": is_twin}


async def _made(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Write keys; False, and nothing written, when one is another's."""
    try:
        async with tx.savepoint():
            await repository.put_tax_keys(tx, rows)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def fill_weights(tx: Tx, after: UUID, count: int) -> UUID | None:
    """Judge by the validators at most so many accounts behind an id; returns the last id, None when none is left."""
    rows = await repository.unweighed(tx, after, count)
    if not rows:
        return None
    await repository.put_weights(tx, {row.id: invalid_weight(*row[1:]) for row in rows})
    return rows[-1].id


QUALITY = "accounts.quality"
"""Kind of the job that refreshes the quality of all accounts, which falls as days pass."""
AT_ONCE = 1_000


def quality_job(runtime: Runtime) -> JobHandler:
    """Handler of `accounts.quality`: a step is a transaction and keeps where it is; nobody waits long."""

    async def run(job: JobContext) -> Mapping[str, Any]:
        state = job.state or {"after": str(UUID(int=0)), "accounts": 0}
        while True:
            async with runtime.db.transaction() as tx:
                ids = await repository.next_to_judge(tx, UUID(state["after"]), AT_ONCE)
                if not ids:
                    return {"accounts": state["accounts"]}
                timezone = runtime.settings.timezone
                await repository.judge(tx, ids, business_date(timezone), timezone)
                state = {"after": str(ids[-1]), "accounts": state["accounts"] + len(ids)}
                job.done = state["accounts"]
                await job.checkpoint(state, tx)

    return run
