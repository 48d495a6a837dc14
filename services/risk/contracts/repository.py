"""SQL of contracts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows
from kit.db.text_keys import code_sql, fold_code
from kit.security.principals import ScopeQuery
from services.risk.contracts.lists import OWNER, PARTIES
from services.risk.contracts.models import Contract, ContractColumns, ContractVersion

_SELECT = f"SELECT {columns_of(ContractColumns, 'c')}, {OWNER} AS owner_id FROM contract c {PARTIES} WHERE"
_LOCK = "SELECT id FROM contract WHERE id = $1 FOR NO KEY UPDATE"
_KNOWN = "SELECT id FROM contract WHERE id = ANY($1::uuid[])"
_VERSIONS = "SELECT count(*) FROM contract_version WHERE contract_id = $1"


# What is due today and still pending is neither late nor met.
_FIGURES = """
SELECT coalesce(g.grade, 'NR') AS grade, o.due AS obligations, o.late, q.claim AS disputed,
       f.value + CASE WHEN c.state = 'in_force' THEN 0 ELSE coalesce(c.value_base, c.value) END AS in_force
FROM contract c
LEFT JOIN account_root m ON m.account_id = c.account_id
LEFT JOIN credit_profile g ON g.id = coalesce(m.root_id, c.account_id)
CROSS JOIN LATERAL (
    SELECT count(*)::int AS due, (count(*) FILTER (WHERE state = 'late' OR days_late > 0))::int AS late
    FROM obligation WHERE contract_id = c.id AND state IN ('met', 'late') AND due_on > $2::date - $3::int
      AND due_on <= $2::date
) o
CROSS JOIN LATERAL (
    SELECT coalesce(sum(claim), 0)::bigint AS claim FROM dispute WHERE contract_id = c.id AND state <> 'closed'
) q
CROSS JOIN (
    SELECT coalesce(sum(coalesce(value_base, value)), 0)::bigint AS value FROM contract WHERE state = 'in_force'
) f
WHERE c.id = $1
"""


class Standing(NamedTuple):
    """What the score of a contract rests on beside its own row."""

    grade: str
    obligations: int
    late: int
    disputed: int
    in_force: int


async def standing(tx: Tx, contract_id: UUID, today: date, days: int) -> Standing:
    """How a contract stands on a day, by obligations that were due on that many days."""
    (found,) = await tx.rows(Standing, _FIGURES, contract_id, today, days)
    return found


async def add_contract(tx: Tx, contract: Contract) -> bool:
    """Insert a contract; False when another has its number."""
    return bool(await insert_rows(tx, ContractColumns, [contract], "ON CONFLICT DO NOTHING"))


async def id_of_number(tx: Tx, visible: ScopeQuery, number: str) -> UUID | None:
    """The contract with this number, in whatever case, where the caller may see it."""
    sql = f"{_SELECT} {code_sql('c.number')} = $1 AND {visible.sees(OWNER, 2)}"
    found = await tx.row(Contract, sql, fold_code(number), *visible.args)
    return None if found is None else found.id


async def find_contract(tx: Tx, visible: ScopeQuery, contract_id: UUID, *, lock: bool) -> Contract | None:
    """A contract, None when there is none in the scope; locked until the transaction ends on request."""
    if lock:
        await tx.execute(_LOCK, contract_id)
    return await tx.row(Contract, f"{_SELECT} c.id = $1 AND {visible.sees(OWNER, 2)}", contract_id, *visible.args)


async def load_contracts(tx: Tx, ids: Sequence[UUID]) -> list[Contract]:
    """Contracts by id, in the order of their ids."""
    return await tx.rows(Contract, f"{_SELECT} c.id = ANY($1::uuid[]) ORDER BY c.id", ids)


async def put_off(tx: Tx, contract_id: UUID, due_at: datetime) -> None:
    """Dates bring about more of a contract, after this."""
    await tx.execute("UPDATE contract SET due_at = $2 WHERE id = $1", contract_id, due_at)


async def count_versions(tx: Tx, contract_id: UUID) -> int:
    """How many versions a contract has."""
    return int(await tx.fetchval(_VERSIONS, contract_id))


async def add_version(tx: Tx, version: ContractVersion) -> None:
    """Keep terms that hold from a day on."""
    await insert_rows(tx, ContractVersion, [version])


async def known_contracts(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Which of these contracts there are."""
    return {row[0] for row in await tx.fetch(_KNOWN, sorted(ids))}
