"""SQL of conflicts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.channels.enums import ChannelKind
from services.channels.conflicts.enums import ConflictKind
from services.channels.conflicts.models import LIVE, Conflict, ConflictEvidence, ConflictStatement

_ONE = f"SELECT {columns_of(Conflict, 'c')} FROM conflict c WHERE c.id = $1"
_DECIDED = "state IN ('agreed', 'arbitrated', 'closed')"
_ASKED = """json_to_recordset($1::json) AS o(
    subject_id uuid, account_id uuid, members uuid[], partner_id uuid, day date, regions text[], homes text[],
    mode text, lines text[], later uuid[])"""
_KEPT = "(l.quantity IS NULL OR l.quantity > l.returned)"
_THAT_DAY = "c.valid_from <= o.day AND (c.valid_to IS NULL OR c.valid_to >= o.day)"
_OF_LINE = "(c.product_line = '' OR c.product_line = ANY(o.lines))"
_ORDERS_BESIDE = f"""
SELECT o.subject_id, s.partner_id AS other_id, array_agg(DISTINCT s.order_id) AS order_ids
FROM {_ASKED} JOIN sale s ON s.account_id = ANY(o.members) AND s.partner_id <> o.partner_id
    AND s.order_date >= o.day - $2::int AND s.order_date <= o.day + $2::int AND s.order_id <> ALL(o.later)
JOIN sale_line l ON l.order_id = s.order_id AND {_KEPT} AND lower(l.product_line COLLATE "C") = ANY(o.lines)
GROUP BY o.subject_id, s.partner_id
"""
_OWN = (
    f"EXISTS (SELECT FROM agreement_cell c WHERE c.partner_id = o.partner_id AND c.region = ANY({{}}) AND {_THAT_DAY})"
)
_BREACHES = f"""
WITH o AS MATERIALIZED (SELECT o.* FROM {_ASKED}), outside AS (
    SELECT o.subject_id, NULL::uuid AS other_id, o.regions[cardinality(o.regions)] AS region,
        array_agg(DISTINCT c.agreement_id) AS agreement_ids
    FROM o JOIN agreement_cell c ON c.partner_id = o.partner_id AND {_THAT_DAY}
    WHERE cardinality(o.regions) > 0
    GROUP BY o.subject_id, o.regions HAVING NOT bool_or(c.region = ANY(o.regions))
), into_anothers AS (
    SELECT DISTINCT ON (o.subject_id, c.partner_id)
        o.subject_id, c.partner_id AS other_id, c.region, ARRAY[c.agreement_id] AS agreement_ids
    FROM o JOIN agreement_cell c ON c.region = ANY(o.homes) AND c.partner_id <> o.partner_id AND {_THAT_DAY}
        AND {_OF_LINE}
    WHERE {_OWN.format("o.regions")} AND NOT {_OWN.format("o.homes")}
    ORDER BY o.subject_id, c.partner_id, length(c.region) DESC, c.number, c.product_line
), held_by_another AS (
    SELECT DISTINCT ON (o.subject_id, c.partner_id)
        o.subject_id, c.partner_id AS other_id, c.region, ARRAY[c.agreement_id] AS agreement_ids
    FROM o JOIN agreement_cell c ON c.region = ANY(o.regions) AND c.partner_id IS DISTINCT FROM o.partner_id
        AND CASE WHEN o.partner_id IS NULL THEN c.exclusivity = 'exclusive' ELSE c.exclusivity <> 'none' END
        AND {_THAT_DAY} AND {_OF_LINE} AND (c.mode = 'all' OR c.mode = o.mode)
    ORDER BY o.subject_id, c.partner_id, length(c.region) DESC, c.number, c.product_line
)
SELECT 'territory_breach' AS kind, b.* FROM outside b
UNION ALL SELECT 'cross_region', b.* FROM into_anothers b
UNION ALL SELECT 'exclusivity_breach', b.* FROM held_by_another b
"""
"""Orders in no territory that their partner has on their day, where it has one; orders inside of it for customers
outside of it, in another partner's; orders in a sole or exclusive cell of another, direct ones in an exclusive one."""
_CAPS = f"""
SELECT o.subject_id, c.product_line, a.id AS agreement_id, a.max_discount
FROM {_ASKED} JOIN agreement_cell c ON c.partner_id = o.partner_id AND {_THAT_DAY}
    AND (cardinality(o.regions) = 0 OR c.region = ANY(o.regions)) AND (o.mode IS NULL OR c.mode IN ('all', o.mode))
JOIN agreement a ON a.id = c.agreement_id
"""
_FOUND = "SELECT subject_id, kind, parties FROM conflict_evidence WHERE subject_id = ANY($1::uuid[])"
_LIVE_ONE = select_sql(
    Conflict,
    f"kind = $1 AND parties = $2 AND place = ANY($3::text[]) AND {LIVE} "
    "ORDER BY opened_on, number LIMIT 1 FOR NO KEY UPDATE",
)
_COVERED = f"""
SELECT EXISTS (SELECT FROM conflict WHERE kind = $1 AND parties = $2 AND place = ANY($3::text[]) AND {_DECIDED}
    AND valid_from <= $4 AND (valid_to IS NULL OR valid_to >= $4))
"""
_NEXT_NUMBER = """
INSERT INTO conflict_counter AS c (year, last) VALUES ($1, 1)
ON CONFLICT (year) DO UPDATE SET last = c.last + 1 RETURNING last
"""
_CONFIRMED = """
SELECT order_id, confirmed_event_id FROM sale WHERE order_id = ANY($1::uuid[]) AND confirmed_event_id IS NOT NULL
"""
_VALUE = """
SELECT COALESCE(sum(net_base - returned_net_base), 0)::bigint AS value_base,
    COALESCE(array_agg(DISTINCT lower(product_line COLLATE "C")) FILTER (WHERE product_line IS NOT NULL), '{}') AS lines
FROM sale_line WHERE order_id = ANY($1::uuid[])
"""
_SNAPSHOT = """
SELECT jsonb_build_object(
    'orders', (SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'order_id', s.order_id, 'account_id', s.account_id, 'partner_id', s.partner_id, 'channel_id', s.channel_id,
        'deal_id', s.deal_id, 'region', s.region, 'order_date', s.order_date, 'lines', (
            SELECT jsonb_agg(jsonb_build_object(
                'line_no', l.line_no, 'sku', l.sku, 'product_line', l.product_line, 'quantity', l.quantity,
                'returned', l.returned, 'net_base', l.net_base, 'returned_net_base', l.returned_net_base
            ) ORDER BY l.line_no) FROM sale_line l WHERE l.order_id = s.order_id
        )) ORDER BY s.order_date, s.order_id), '[]') FROM sale s WHERE s.order_id = ANY($1::uuid[])),
    'deals', (SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'deal_id', d.id, 'number', d.number, 'partner_id', d.partner_id, 'account_id', d.account_id, 'state', d.state,
        'product_lines', d.product_lines, 'registered_on', d.registered_on, 'protected_until', d.protected_until
        ) ORDER BY d.number), '[]') FROM deal d WHERE d.id = ANY($2::uuid[])),
    'agreements', (SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'agreement_id', a.id, 'number', a.number, 'agreement_version', a.agreement_version, 'partner_id', a.partner_id,
        'territory', a.territory, 'product_lines', a.product_lines, 'mode', a.mode, 'exclusivity', a.exclusivity,
        'max_discount', a.max_discount, 'valid_from', a.valid_from, 'ends_on', a.ends_on
        ) ORDER BY a.number, a.agreement_version), '[]') FROM agreement a WHERE a.id = ANY($3::uuid[])),
    'opportunities', (SELECT COALESCE(jsonb_agg(jsonb_build_object(
        'opportunity_id', p.id, 'account_id', p.account_id, 'stage', p.stage, 'opened_on', p.opened_on
        ) ORDER BY p.opened_on, p.id), '[]') FROM opportunity_fact p WHERE p.id = ANY($4::uuid[]))
)::text
"""
_EVIDENCE = select_sql(ConflictEvidence, "conflict_id = $1 ORDER BY found_at, id LIMIT 1000")
_STATEMENTS = select_sql(ConflictStatement, "conflict_id = $1 ORDER BY recorded_at, id LIMIT 1000")
_CLOSED = "kind = $1 AND state = 'closed' AND id <> $2 AND {seen} ORDER BY resolved_at DESC LIMIT 1000"
_SPLITS = select_sql(
    Conflict, f"account_id = ANY($1::uuid[]) AND outcome = 'split' AND {_DECIDED} ORDER BY resolved_at DESC, id DESC"
)
_SPLIT_ACCOUNTS = (
    f"SELECT DISTINCT account_id FROM conflict WHERE account_id IS NOT NULL AND outcome = 'split' AND {_DECIDED}"
)
_SALES = f"""
SELECT s.order_id, s.account_id, s.partner_id, s.deal_id, s.channel_id, s.region, s.order_date,
    array_remove(array_agg(DISTINCT lower(l.product_line COLLATE "C")), NULL) AS lines
FROM sale s JOIN sale_line l ON l.order_id = s.order_id AND {_KEPT}
WHERE s.account_id = ANY($1::uuid[]) AND s.order_date >= $2 GROUP BY s.order_id
"""


class Beside(NamedTuple):
    """Orders of another partner that the same customer has made of a line of an order, near its day."""

    subject_id: UUID
    other_id: UUID
    order_ids: list[UUID]


class Breach(NamedTuple):
    """What of agreements an order breaks, in which folded region; `other_id` is the partner whose it is."""

    kind: ConflictKind
    subject_id: UUID
    other_id: UUID | None
    region: str
    agreement_ids: list[UUID]


class Cap(NamedTuple):
    """How much off its list price a partner may sell a folded product line for (``: every line)."""

    subject_id: UUID
    product_line: str
    agreement_id: UUID
    max_discount: int | None


class Worth(NamedTuple):
    """Net of orders, less what came back, and their folded product lines."""

    value_base: int
    lines: list[str]


class SoldBefore(NamedTuple):
    """An order as the read side has it, with the folded lines of which something was kept."""

    order_id: UUID
    account_id: UUID
    partner_id: UUID | None
    deal_id: UUID | None
    channel_id: UUID | None
    region: str | None
    order_date: date
    lines: list[str]


async def hold_locks(tx: Tx, keys: Sequence[int]) -> None:
    """Wait, one key after the other, for whoever decides about the same; until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k", keys)


async def next_number(tx: Tx, year: int) -> int:
    """The next number of a year, without gaps; others wait for it until the transaction ends."""
    return int(await tx.fetchval(_NEXT_NUMBER, year))


async def kinds_of(tx: Tx, channel_ids: Collection[UUID]) -> dict[UUID, ChannelKind]:
    """Kinds of channels."""
    rows = await tx.fetch("SELECT id, kind FROM channel WHERE id = ANY($1::uuid[])", list(channel_ids))
    return {row["id"]: ChannelKind(row["kind"]) for row in rows}


async def sales_since(tx: Tx, account_ids: Collection[UUID], first: date) -> list[SoldBefore]:
    """Orders of accounts from a day on, of which something was kept."""
    return await tx.rows(SoldBefore, _SALES, list(account_ids), first)


def asking(subjects: Sequence[Mapping[str, object]]) -> str:
    """Subjects as the statements about them read them: written once for all."""
    return dumps(subjects)


async def orders_beside(tx: Tx, asked: str, window_days: int) -> list[Beside]:
    """Orders of other partners beside these."""
    return await tx.rows(Beside, _ORDERS_BESIDE, asked, window_days)


async def breaches_of(tx: Tx, asked: str) -> list[Breach]:
    """What of agreements orders break."""
    return [one._replace(kind=ConflictKind(one.kind)) for one in await tx.rows(Breach, _BREACHES, asked)]


async def caps_of(tx: Tx, asked: str) -> list[Cap]:
    """What agreements say of the discounts of orders."""
    return await tx.rows(Cap, _CAPS, asked)


async def found_before(tx: Tx, subject_ids: Collection[UUID]) -> set[tuple[UUID, str, str]]:
    """(subject, kind, parties) of which there is evidence."""
    rows = await tx.fetch(_FOUND, list(subject_ids))
    return {(row["subject_id"], row["kind"], row["parties"]) for row in rows}


async def find_live(tx: Tx, kind: str, parties: str, places: Sequence[str]) -> Conflict | None:
    """The conflict that lives, locked."""
    return await tx.row(Conflict, _LIVE_ONE, kind, parties, places)


async def is_covered(tx: Tx, kind: str, parties: str, places: Sequence[str], day: date) -> bool:
    """Whether what was decided of the same holds on a day."""
    return bool(await tx.fetchval(_COVERED, kind, parties, places, day))


async def events_of(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The event by which each order was confirmed."""
    rows = await tx.fetch(_CONFIRMED, list(order_ids))
    return {row["order_id"]: row["confirmed_event_id"] for row in rows}


async def worth_of(tx: Tx, order_ids: Sequence[UUID]) -> Worth:
    """What orders come to."""
    (found,) = await tx.rows(Worth, _VALUE, order_ids)
    return found


async def snapshot(
    tx: Tx, orders: Sequence[UUID], deals: Sequence[UUID], agreements: Sequence[UUID], opportunities: Sequence[UUID]
) -> dict[str, Any]:
    """What is known of these now, as JSON has it."""
    found: dict[str, Any] = json.loads(await tx.fetchval(_SNAPSHOT, orders, deals, agreements, opportunities))
    return found


async def add_evidence(tx: Tx, row: ConflictEvidence) -> None:
    """Keep what shows a conflict."""
    await insert_rows(tx, ConflictEvidence, [row])


async def add_statement(tx: Tx, row: ConflictStatement) -> None:
    """Keep what a party states."""
    await insert_rows(tx, ConflictStatement, [row])


async def find_conflict(tx: Tx, visible: ScopeQuery, conflict_id: UUID, *, lock: bool) -> Conflict | None:
    """A conflict of the scope, locked on request."""
    sql = f"{_ONE} AND {visible.sees('c.owner_id', 2)} {'FOR NO KEY UPDATE OF c' if lock else ''}"
    return await tx.row(Conflict, sql, conflict_id, *visible.args)


async def evidence_of(tx: Tx, conflict_id: UUID) -> list[ConflictEvidence]:
    """What shows a conflict, the first piece first."""
    return await tx.rows(ConflictEvidence, _EVIDENCE, conflict_id)


async def statements_of(tx: Tx, conflict_id: UUID) -> list[ConflictStatement]:
    """What the parties of a conflict state, the first statement first."""
    return await tx.rows(ConflictStatement, _STATEMENTS, conflict_id)


async def closed_of(tx: Tx, visible: ScopeQuery, kind: str, other_than: UUID) -> list[Conflict]:
    """Conflicts of a kind and of the scope that were closed, the newest decision first."""
    sql = select_sql(Conflict, _CLOSED.format(seen=visible.sees("owner_id", 3)))
    return await tx.rows(Conflict, sql, kind, other_than, *visible.args)


async def splits_of(tx: Tx, account_ids: Collection[UUID]) -> list[Conflict]:
    """Splits that were decided for accounts, the newest decision first."""
    return await tx.rows(Conflict, _SPLITS, list(account_ids))


async def split_accounts(tx: Tx) -> set[UUID]:
    """Accounts of which a split was decided."""
    return set(await tx.column(UUID, _SPLIT_ACCOUNTS))
