"""SQL of the rebate ledger."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.rebates.models import RebateAccount, RebateAccrual, RebateEntry, RebateLayer, RebatePosting

_ACCRUED = "SELECT DISTINCT source_event_id, programme_id FROM rebate_accrual WHERE source_event_id = ANY($1::uuid[])"
_SPLITS = "SELECT DISTINCT order_id, split::text AS split FROM rebate_accrual WHERE order_id = ANY($1::uuid[])"
_FACTS = "SELECT order_id, count(*) AS facts FROM rebate_accrual WHERE order_id = ANY($1::uuid[]) GROUP BY order_id"


class Original(NamedTuple):
    """Programme and period that an order was counted in for a partner, with its volume and what it earned there; what
    of the volume came back since the period was closed; what is left of the whole order where partners share it."""

    order_id: UUID
    partner_id: UUID
    programme_id: UUID
    programme_version: int
    period_start: date
    period_end: date
    order_date: date
    split: str | None
    volume: int
    amount: int
    returned: int
    order_volume: int | None
    focus: int | None
    order_focus: int | None


class Standing(NamedTuple):
    """Where an account stands: its position, in focus lines too where there are some, and what growth counts over."""

    id: UUID
    position: int
    focus: int | None
    baseline: int | None


class Shared(NamedTuple):
    """The split of an order's volume, as JSON has it; None where it is not shared."""

    order_id: UUID
    split: str | None


_ORIGINALS = """
SELECT order_id, partner_id, programme_id, programme_version, start AS period_start, last AS period_end, order_date,
    split::text AS split, sum(volume)::bigint AS volume,
    COALESCE(sum(amount) FILTER (WHERE taken_back IS NULL), 0)::bigint AS amount,
    COALESCE(max((taken_back->>'returned')::bigint), 0)::bigint AS returned, sum(order_volume)::bigint AS order_volume,
    sum(focus_volume)::bigint AS focus, sum(order_focus)::bigint AS order_focus
FROM rebate_accrual, LATERAL (
    SELECT COALESCE((taken_back->>'period_start')::date, period_start) AS start,
        COALESCE((taken_back->>'period_end')::date, period_end) AS last
) AS counted
WHERE order_id = ANY($1::uuid[])
GROUP BY order_id, partner_id, programme_id, programme_version, start, last, order_date, split
ORDER BY order_id, programme_id, partner_id
"""
_SHARED = "SELECT DISTINCT order_id, split::text AS split FROM rebate_accrual WHERE split IS NOT NULL"
_UNDECIDED = """
SELECT DISTINCT x.order_id FROM rebate_accrual x
LEFT JOIN conflict c ON c.id = (x.split->>'conflict_id')::uuid AND c.outcome = 'split'
    AND c.state IN ('agreed', 'arbitrated', 'closed')
    AND c.valid_from <= x.order_date AND (c.valid_to IS NULL OR c.valid_to >= x.order_date)
    AND c.partner_shares = (
        SELECT jsonb_object_agg(s->>'partner_id', s->'share') FROM jsonb_array_elements(x.split->'shares') s
    )
WHERE x.split IS NOT NULL AND c.id IS NULL
"""
_KNOWN = "SELECT id FROM rebate_account WHERE id = ANY($1::uuid[])"
_LOCK = "SELECT id, position, focus, baseline FROM rebate_account WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_LOCK_PARTNER = "SELECT id FROM rebate_account WHERE partner_id = $1 ORDER BY id FOR UPDATE"
_CLOSED = "SELECT account_id FROM rebate_close WHERE account_id = ANY($1::uuid[])"
_CLOSE = """
INSERT INTO rebate_close (account_id, statement_id, closed_on)
SELECT id, $2::uuid, $4::date FROM rebate_account WHERE partner_id = $1 AND period_end <= $3 AND period_end < $4
ON CONFLICT DO NOTHING
"""
_ADD = """
ON CONFLICT (id) DO UPDATE SET position = rebate_account.position + excluded.position,
    accrued = rebate_account.accrued + excluded.accrued, focus = rebate_account.focus + excluded.focus
"""
_ADD_LAYERS = """
ON CONFLICT (account_id, programme_id)
DO UPDATE SET volume = rebate_layer.volume + excluded.volume, focus = rebate_layer.focus + excluded.focus
"""
_LAYERS = select_sql(RebateLayer, "account_id = ANY($1::uuid[])")
_ALL_LAYERS = select_sql(RebateLayer, "TRUE")
_ALL_ACCRUALS = select_sql(RebateAccrual, "TRUE ORDER BY account_id")
_ALL_ACCOUNTS = select_sql(RebateAccount, "TRUE ORDER BY id")
_OPEN_TAKEN = """
SELECT x.order_id FROM rebate_accrual x WHERE x.taken_back IS NOT NULL AND NOT EXISTS (
    SELECT FROM rebate_close c JOIN rebate_account a ON a.id = c.account_id
    JOIN rebate_account own ON own.id = x.account_id
    WHERE a.partner_id = x.partner_id AND a.programme_id = own.programme_id
        AND a.programme_version = own.programme_version AND a.period_start = (x.taken_back->>'period_start')::date
)
"""
_ONE_SIDED = """
SELECT 'accrual ' || x.id::text AS what FROM rebate_accrual x
LEFT JOIN rebate_entry e ON e.accrual_id = x.id GROUP BY x.id, x.amount
HAVING count(e.id) <> 2 OR sum(e.amount) <> 0
    OR sum(e.amount) FILTER (WHERE e.ledger_account = 'rebate_expense') <> x.amount
UNION ALL
SELECT 'entry ' || e.id::text FROM rebate_entry e
WHERE NOT EXISTS (SELECT 1 FROM rebate_accrual x WHERE x.id = e.accrual_id)
UNION ALL
SELECT 'posting ' || p.source_id::text FROM rebate_posting p
GROUP BY p.source_id HAVING count(*) <> 2 OR sum(p.amount) <> 0
"""


async def accrued(tx: Tx, event_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """In which programmes the ledger has worked these events already: pairs of event and programme."""
    return set(await tx.pairs(UUID, UUID, _ACCRUED, event_ids))


async def splits_of(tx: Tx, order_ids: Sequence[UUID]) -> list[Shared]:
    """How orders that have accrued are shared."""
    return await tx.rows(Shared, _SPLITS, order_ids)


async def fact_counts(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many facts each order has had."""
    return dict(await tx.pairs(UUID, int, _FACTS, order_ids))


async def originals_of(tx: Tx, order_ids: Sequence[UUID]) -> list[Original]:
    """Programme and period that each order was counted in."""
    return await tx.rows(Original, _ORIGINALS, order_ids)


async def lock_accounts(tx: Tx, rows: Sequence[RebateAccount]) -> dict[UUID, Standing]:
    """Where accounts stand (rows sorted by id, made when missing), locked."""
    await insert_rows(tx, RebateAccount, rows, "ON CONFLICT DO NOTHING")
    return {row.id: row for row in await tx.rows(Standing, _LOCK, [row.id for row in rows])}


async def known_accounts(tx: Tx, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these accounts are there."""
    return set(await tx.column(UUID, _KNOWN, account_ids))


async def add_to_accounts(tx: Tx, rows: Sequence[RebateAccount]) -> None:
    """Add position and rebate to accounts (rows sorted by id)."""
    await insert_rows(tx, RebateAccount, rows, _ADD)


async def add_to_layers(tx: Tx, rows: Sequence[RebateLayer]) -> None:
    """Add to what later versions hold of accounts (rows sorted by their keys)."""
    await insert_rows(tx, RebateLayer, rows, _ADD_LAYERS)


async def layers_of(tx: Tx, account_ids: Sequence[UUID]) -> list[RebateLayer]:
    """What later versions hold of accounts."""
    return await tx.rows(RebateLayer, _LAYERS, account_ids)


async def all_layers(tx: Tx) -> list[RebateLayer]:
    """What later versions hold of any account."""
    return await tx.rows(RebateLayer, _ALL_LAYERS)


async def add_accruals(tx: Tx, rows: Sequence[RebateAccrual]) -> None:
    """Append accruals; what their accounts hold is added apart (`add_to_accounts`)."""
    await insert_rows(tx, RebateAccrual, rows)


async def add_entries(tx: Tx, rows: Sequence[RebateEntry]) -> None:
    """Append both sides of accruals, which sum to zero."""
    await insert_rows(tx, RebateEntry, rows)


def all_accruals(tx: Tx) -> AsyncIterable[RebateAccrual]:
    """Every accrual, those of an account together."""
    return tx.stream_rows(RebateAccrual, _ALL_ACCRUALS)


async def all_accounts(tx: Tx) -> list[RebateAccount]:
    """Every account of the rebate ledger, by id."""
    return await tx.rows(RebateAccount, _ALL_ACCOUNTS)


async def shared_orders(tx: Tx) -> list[Shared]:
    """Orders whose volume partners share."""
    return await tx.rows(Shared, _SHARED)


async def undecided_splits(tx: Tx) -> list[UUID]:
    """Orders that are shared otherwise than a conflict was decided that holds on their day."""
    return await tx.column(UUID, _UNDECIDED)


async def one_sided(tx: Tx) -> list[str]:
    """Accruals whose two sides are not there or do not sum to zero, and entries of none."""
    return await tx.column(str, _ONE_SIDED)


async def lock_partner(tx: Tx, partner_id: UUID) -> None:
    """Lock all accounts of a partner."""
    await tx.fetch(_LOCK_PARTNER, partner_id)


async def lock_known(tx: Tx, account_ids: Sequence[UUID]) -> None:
    """Lock accounts (sorted by id) that are there."""
    await tx.fetch(_LOCK, account_ids)


async def closed_accounts(tx: Tx, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these accounts are closed."""
    return set(await tx.column(UUID, _CLOSED, account_ids))


async def close_accounts(tx: Tx, partner_id: UUID, statement_id: UUID, until: date, today: date) -> None:
    """Close the accounts of a partner whose period ended up to a day and is over."""
    await tx.execute(_CLOSE, partner_id, statement_id, until, today)


async def add_postings(tx: Tx, rows: Sequence[RebatePosting]) -> None:
    """Store sides of adjustments and payments, each once."""
    await insert_rows(tx, RebatePosting, rows, "ON CONFLICT DO NOTHING")


async def taken_of_open(tx: Tx) -> list[UUID]:
    """Orders of which something was taken back as of a closed period that is not closed."""
    return await tx.column(UUID, _OPEN_TAKEN)
