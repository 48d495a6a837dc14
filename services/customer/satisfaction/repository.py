"""SQL of satisfaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.customer.satisfaction.models import Satisfaction, SatisfactionMark
from services.customer.satisfaction.rules import Day

_ROOTS: Final = "SELECT DISTINCT coalesce(root_id, id) AS id FROM account WHERE id = ANY($1::uuid[])"
_TAKE: Final = """
INSERT INTO account_satisfaction (id, sample_size, sequence) SELECT id, 0, 0 FROM unnest($1::uuid[]) AS k (id)
ORDER BY id ON CONFLICT (id) DO NOTHING
"""
_LOCK: Final = select_sql(Satisfaction, "id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
_LOCK_ACCOUNTS: Final = """
SELECT id, stream_key, owner_id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
_DAYS: Final = """
SELECT coalesce(a.root_id, a.id) AS account_id, n.business_date AS on, sum(n.twelfths)::bigint AS twelfths,
  count(*) AS answers
FROM account a JOIN survey_answer n ON n.account_id = a.id
WHERE coalesce(a.root_id, a.id) = ANY($1::uuid[]) AND n.twelfths IS NOT NULL AND n.business_date > $2
GROUP BY 1, 2 ORDER BY 1, 2
"""
_SAVED: Final = tuple(name for name in Satisfaction.model_fields if name != "id")
_SAVE: Final = f"""
UPDATE account_satisfaction t SET {", ".join(f"{name} = r.{name}" for name in _SAVED)}
FROM json_populate_recordset(NULL::account_satisfaction, $1::json) r WHERE t.id = r.id
"""
_PUT: Final = """
UPDATE account a SET satisfaction_level = s.level FROM account_satisfaction s
WHERE s.id = a.id AND a.id = ANY($1::uuid[]) AND a.satisfaction_level IS DISTINCT FROM s.level
"""
_REST: Final = "UPDATE account_satisfaction SET due_at = NULL WHERE id = ANY($1::uuid[]) AND due_at IS NOT NULL"


class Told(NamedTuple):
    """What an event says of an account."""

    id: UUID
    stream_key: UUID
    owner_id: UUID | None


async def roots_of(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """The accounts that these read as."""
    return {row["id"] for row in await tx.fetch(_ROOTS, list(ids))}


async def take(tx: Tx, ids: Collection[UUID]) -> list[Satisfaction]:
    """How satisfied accounts were when they were looked at last, locked."""
    await tx.execute(_TAKE, list(ids))
    return await tx.rows(Satisfaction, _LOCK, list(ids))


async def rest(tx: Tx, ids: Collection[UUID]) -> None:
    """Accounts that were merged stay as they are until they stand by themselves again."""
    await tx.execute(_REST, list(ids))


async def lock_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Told]:
    """Accounts that are told of, locked: their owner stays until that is written."""
    return {one.id: one for one in await tx.rows(Told, _LOCK_ACCOUNTS, list(ids))} if ids else {}


async def days_of(tx: Tx, ids: Collection[UUID], after: date) -> Mapping[UUID, Sequence[Day]]:
    """Answers after a day of accounts and of those merged into them, by business day."""
    found: defaultdict[UUID, list[Day]] = defaultdict(list)
    for row in await tx.fetch(_DAYS, list(ids), after):
        found[row["account_id"]].append(Day(row["on"], row["twelfths"], row["answers"]))
    return found


async def save(tx: Tx, rows: Sequence[Satisfaction], told: Collection[UUID]) -> None:
    """Write how satisfied accounts are; an account shows its level, which is no change of it."""
    await tx.execute(_SAVE, dumps(rows))
    if told:
        await tx.execute(_PUT, list(told))


async def add_mark(tx: Tx, mark: SatisfactionMark) -> None:
    """Let an account be looked at."""
    await insert_rows(tx, SatisfactionMark, [mark])


async def drop_marks(tx: Tx, ids: Collection[UUID]) -> None:
    """Take marks off the list."""
    await tx.execute("DELETE FROM satisfaction_mark WHERE id = ANY($1::uuid[])", list(ids))
