"""SQL of cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, select_sql, update_rows
from kit.security.principals import ScopeQuery
from services.customer.accounts.lists import joined_root
from services.customer.cases.models import Case

_NUMBER: Final = """
INSERT INTO case_year AS y (year, last) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last = y.last + 1 RETURNING last
"""
_WAKE: Final = """
UPDATE service_case t SET due_at = w.due_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS w (id, due_at) WHERE t.id = w.id AND t.due_at IS DISTINCT FROM w.due_at
"""
_WAKE_ALL: Final = """
UPDATE service_case t SET due_at = least(t.due_at, $1)
FROM (SELECT id FROM service_case WHERE due_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE) w WHERE t.id = w.id
"""
_NOT_OF: Final = select_sql(
    Case,
    "account_id = ANY($1::uuid[]) AND owner_id IS DISTINCT FROM $2 AND second_owner_id IS DISTINCT FROM $2 "
    "ORDER BY id LIMIT $3 FOR NO KEY UPDATE",
)
# who has a part in a case: who owns the account or what it reads as, who placed the order or is credited for it,
# the owner of the case
_PARTIAL: Final = """
WITH part (id) AS (
    SELECT owner_id FROM account WHERE id = $2
    UNION SELECT r.owner_id FROM account f JOIN account r ON r.id = f.root_id WHERE f.id = $2
    UNION SELECT owner_id FROM orders WHERE id = $3
    UNION SELECT p.id FROM orders o JOIN principal p ON p.subject = o.placed_by WHERE o.id = $3
    UNION SELECT member_id FROM order_credit WHERE order_id = $3
    UNION SELECT $4::uuid
)
SELECT EXISTS (
    SELECT FROM part WHERE part.id = $1 OR EXISTS (
        SELECT FROM principal p JOIN principal q ON q.subject = p.subject WHERE p.id = part.id AND q.id = $1
    )
)
"""


class Wake(NamedTuple):
    """When the clocks of a case next have something to do; None: never."""

    case_id: UUID
    due_at: datetime | None


async def next_number(tx: Tx, year: int) -> int:
    """The next number of a year, without gaps: who opens cases takes turns until the transaction ends."""
    return int(await tx.fetchval(_NUMBER, year))


async def find_case(tx: Tx, visible: ScopeQuery, case_id: UUID, *, lock: bool) -> Case | None:
    """A case whose owner, second owner or account's owner the scope holds."""
    sql = f"{_seen(visible)} {'FOR NO KEY UPDATE OF t' if lock else ''}"
    return await tx.row(Case, sql, [case_id], *visible.args)


async def load_cases(tx: Tx, visible: ScopeQuery, ids: Collection[UUID]) -> list[Case]:
    """Those of these cases that `find_case` finds."""
    return await tx.rows(Case, _seen(visible), list(ids), *visible.args) if ids else []


def _seen(visible: ScopeQuery) -> str:
    seen = " OR ".join(visible.sees(column, 2) for column in ("t.owner_id", "t.second_owner_id", "a.owner_id"))
    return (
        f"SELECT {columns_of(Case, 't')} FROM service_case t {joined_root('t.account_id', 'LEFT JOIN')} "
        f"WHERE t.id = ANY($1::uuid[]) AND ({seen})"
    )


async def lock_not_of(tx: Tx, accounts: Collection[UUID], owner_id: UUID, limit: int) -> list[Case]:
    """The first cases of accounts, by id, that are not an owner's, neither as the second one, locked until the
    transaction ends."""
    return await tx.rows(Case, _NOT_OF, list(accounts), owner_id, limit)


async def is_partial(
    tx: Tx, member_id: UUID, account_id: UUID | None, order_id: UUID | None, owner_id: UUID | None
) -> bool:
    """Whether a member, or whoever logs in as them, has a part in a case."""
    return bool(await tx.fetchval(_PARTIAL, member_id, account_id, order_id, owner_id))


async def save_cases(tx: Tx, cases: Sequence[Case]) -> None:
    """Write locked cases that carry their next version."""
    await update_rows(tx, Case, cases)


async def put_wakes(tx: Tx, wakes: Collection[Wake]) -> None:
    """Note when locked cases are due; no change of the case itself."""
    await tx.execute(_WAKE, [one.case_id for one in wakes], [one.due_at for one in wakes])


async def wake_all(tx: Tx, now: datetime) -> None:
    """Let every case that time will touch be looked at now, also one that a worker is just looking at."""
    await tx.execute(_WAKE_ALL, now)
