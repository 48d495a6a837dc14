"""SQL of obligations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.risk.obligations.enums import BookStage, ObligationKind
from services.risk.obligations.lists import OWNER, SOURCE
from services.risk.obligations.models import FulfilmentMove, Obligation, ObligationBook, ObligationColumns
from services.risk.obligations.rules import Dated

_SELECT = (
    f"SELECT {columns_of(ObligationColumns, 'o')}, b.stream_key, b.account_id, b.partner_id, {OWNER} AS owner_id "
    f"FROM {SOURCE} WHERE"
)
_BOOK = select_sql(ObligationBook, "id = $1")
_LOCK_BOOK = select_sql(ObligationBook, "id = $1 FOR NO KEY UPDATE")
_OWNER_OF_BOOK = """
SELECT coalesce(d.owner_id, p.owner_id) FROM obligation_book b
LEFT JOIN account_directory d ON d.id = b.account_id LEFT JOIN partner_directory p ON p.id = b.partner_id
WHERE b.id = $1
"""
_STAGE = "UPDATE obligation_book SET stage = $2, due_at = $3 WHERE id = $1"
_END = "UPDATE obligation SET ended_on = $2 WHERE contract_id = $1 AND due_on > $2 AND state <> 'waived'"
_SCHEDULE = "UPDATE obligation_book SET due_at = $2 WHERE id = $1"
# taken in the order of the ids, so that two of them never wait for each other
_MARK = """
UPDATE obligation_book b SET due_at = $2
FROM (SELECT id FROM obligation_book WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE) f WHERE b.id = f.id
"""
_CONTRACTS = "SELECT DISTINCT contract_id FROM fulfilment_move WHERE order_id = ANY($1::uuid[])"
_OF_ORDERS = "SELECT m.order_id FROM fulfilment_move m WHERE m.contract_id = $1 GROUP BY 1"
_VOLUME = """
SELECT m.day, sum(m.amount)::bigint FROM fulfilment_move m
WHERE m.contract_id = $1 AND m.kind IN ('confirmed', 'returned_net') GROUP BY 1
"""
# what was returned before the rest was delivered counts from the delivery on; of an order never delivered, not at all
_DELIVERED = """
SELECT greatest(m.day, f.day) AS day, sum(m.amount)::bigint
FROM (
    SELECT order_id, min((at AT TIME ZONE $2)::date) AS day FROM fulfilment_move
    WHERE contract_id = $1 AND kind = 'fulfilled' GROUP BY 1
) f JOIN fulfilment_move m USING (order_id)
WHERE m.kind IN ('fulfilled', 'returned_gross') GROUP BY 1
"""


async def add_book(tx: Tx, book: ObligationBook) -> None:
    """Open the book of a new contract."""
    await insert_rows(tx, ObligationBook, [book])


async def find_book(tx: Tx, contract_id: UUID, *, lock: bool) -> ObligationBook | None:
    """The book of a contract, locked until the transaction ends on request."""
    return await tx.row(ObligationBook, _LOCK_BOOK if lock else _BOOK, contract_id)


async def owner_of_book(tx: Tx, contract_id: UUID) -> UUID | None:
    """Who owns the other party of a contract."""
    found: UUID | None = await tx.fetchval(_OWNER_OF_BOOK, contract_id)
    return found


async def set_stage(tx: Tx, contract_id: UUID, stage: BookStage, due_at: datetime | None) -> None:
    """Open or close a book for writing, or let it run."""
    await tx.execute(_STAGE, contract_id, stage, due_at)


async def end(tx: Tx, contract_id: UUID, last: date) -> None:
    """The contract ends after `last`, before these obligations are due."""
    await tx.execute(_END, contract_id, last)


async def schedule(tx: Tx, contract_id: UUID, due_at: datetime | None) -> None:
    """When the obligations of a contract are judged next."""
    await tx.execute(_SCHEDULE, contract_id, due_at)


async def mark(tx: Tx, contract_ids: Sequence[UUID], now: datetime) -> None:
    """The obligations of these contracts are to be judged."""
    await tx.execute(_MARK, contract_ids, now)


async def contracts_of_orders(tx: Tx, order_ids: Sequence[UUID]) -> set[UUID]:
    """Contracts that any of the orders names."""
    return {row[0] for row in await tx.fetch(_CONTRACTS, order_ids)}


async def orders_of_contract(tx: Tx, contract_id: UUID) -> list[UUID]:
    """Orders that name a contract."""
    return [row[0] for row in await tx.fetch(_OF_ORDERS, contract_id)]


async def add_moves(tx: Tx, moves: Sequence[FulfilmentMove]) -> None:
    """Keep moves; those that are known stay as they are."""
    await insert_rows(tx, FulfilmentMove, moves, "ON CONFLICT DO NOTHING")


async def moved(tx: Tx, contract_id: UUID, kind: ObligationKind, timezone: str) -> list[Dated]:
    """What was bought (volume) or delivered under a contract, by day."""
    if kind is ObligationKind.VOLUME:
        return await tx.rows(Dated, _VOLUME, contract_id)
    return await tx.rows(Dated, _DELIVERED, contract_id, timezone)


async def add_obligations(tx: Tx, rows: Sequence[Obligation]) -> None:
    """Insert obligations."""
    await insert_rows(tx, ObligationColumns, rows)


async def of_contract(tx: Tx, contract_id: UUID) -> list[Obligation]:
    """The obligations of a contract, by their due days."""
    return await tx.rows(Obligation, f"{_SELECT} o.contract_id = $1 ORDER BY o.due_on, o.id", contract_id)


async def find_obligation(tx: Tx, visible: ScopeQuery, obligation_id: UUID) -> Obligation | None:
    """An obligation, None when there is none in the scope."""
    sql = f"{_SELECT} o.id = $1 AND {visible.sees(OWNER, 2)}"
    return await tx.row(Obligation, sql, obligation_id, *visible.args)
