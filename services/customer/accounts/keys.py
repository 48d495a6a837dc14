"""Makes the keys of tax ids that have none: those from before the keys, and those that an older release writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.db.database import Tx
from kit.db.rows import dumps
from kit.tax_ids import formatted_tax_id
from services.customer.accounts import repository
from services.customer.accounts.models import TAX_ID_TO_KEY

_TO_KEY = (
    f"SELECT id, country, tax_id FROM account WHERE {TAX_ID_TO_KEY} AND id > $1 ORDER BY id LIMIT $2 "
    "FOR NO KEY UPDATE SKIP LOCKED"
)
_MAKE = """
UPDATE account a SET tax_id = r.tax_id, tax_id_key = r.tax_id_key, tax_id_of = r.tax_id_of,
  is_tax_id_twin = r.is_tax_id_twin
FROM json_populate_recordset(NULL::account, $1::json) r WHERE a.id = r.id
"""


async def fill_tax_ids(tx: Tx, after: UUID, count: int) -> UUID | None:
    """Key and format at most so many tax ids behind an id; returns the last id, None when none is left.

    An organisation whose number another one has keeps its spelling and is marked as its twin: the number stays the
    other's, and `crmesh doctor` names it.
    """
    rows = [dict(row) for row in await tx.fetch(_TO_KEY, after, count)]
    if not rows:
        return None
    if not await _made(tx, [_keyed(row) for row in rows]):
        for row in rows:
            # the spelling may be another's that is spelt so already, the number may be another's
            spelt = str(row["tax_id"])
            for one in (_keyed(row), _keyed(row, spelt), _keyed(row, spelt, is_twin=True)):
                if await _made(tx, [one]):
                    break
    last: UUID = rows[-1]["id"]
    return last


def _keyed(row: Mapping[str, Any], shown: str = "", *, is_twin: bool = False) -> dict[str, Any]:
    """The columns of a row's tax id, by default as its country writes it."""
    country, tax_id = str(row["country"]), str(row["tax_id"])
    shown = shown or formatted_tax_id(country, tax_id) or tax_id
    keys = repository.keys_of_tax_id(country, shown)
    return {"id": row["id"], "tax_id": shown, **keys, "is_tax_id_twin": is_twin}


async def _made(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Write keys; False, and nothing written, when one is another's."""
    try:
        async with tx.savepoint():
            await tx.execute(_MAKE, dumps(rows))
    except asyncpg.UniqueViolationError:
        return False
    return True
