"""SQL of scores: which rules choose leads, as they are about to be written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.database import Tx
from kit.db.rows import dumps
from kit.db.saved_filters import SavedFilter


class Chosen(NamedTuple):
    """The rules that choose a lead, by their numbers."""

    id: UUID
    rules: list[int]


async def choosing(
    tx: Tx, filters: Sequence[SavedFilter], rows: Sequence[SQLModel], today: date, timezone: str
) -> list[Chosen]:
    """Which of these filters choose each of these rows of the table of leads, stored or not: one statement for all."""
    args: list[object] = [dumps(rows)]
    numbers = []
    for number, each in enumerate(filters):
        where, args = each.condition(today, timezone, "TRUE", args)
        numbers.append(f"CASE WHEN {where} THEN {number} END")
    found = f"array_remove(ARRAY[{', '.join(numbers)}]::int[], NULL)"
    sql = f"SELECT l.id, {found} FROM json_populate_recordset(NULL::lead, $1::json) l"
    return await tx.rows(Chosen, sql, *args)
