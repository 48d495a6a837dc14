"""SQL of conflicts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql, update_rows
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
_LIVE_ONES = f"""
SELECT {columns_of(Conflict, "c")} FROM unnest($1::text[], $2::text[], $3::text[]) AS w(kind, parties, place)
JOIN conflict c ON c.kind = w.kind AND c.parties = w.parties AND c.place = w.place AND c.{LIVE}
ORDER BY c.id FOR NO KEY UPDATE OF c
"""
_COVERS = f"""
SELECT c.kind, c.parties, c.place, c.valid_from, c.valid_to
FROM unnest($1::text[], $2::text[], $3::text[]) AS w(kind, parties, place)
JOIN conflict c ON c.kind = w.kind AND c.parties = w.parties AND c.place = w.place AND c.{_DECIDED}
    AND c.valid_from IS NOT NULL
"""
_TAKE_NUMBERS = """
INSERT INTO conflict_counter AS c (year, last) VALUES ($1, $2::bigint)
ON CONFLICT (year) DO UPDATE SET last = c.last + excluded.last RETURNING last
"""
_CONFIRMED = """
SELECT order_id, confirmed_event_id FROM sale WHERE order_id = ANY($1::uuid[]) AND confirmed_event_id IS NOT NULL
"""
_WORTHS = """
SELECT order_id, sum(net_base - returned_net_base)::bigint AS value_base,
    COALESCE(array_agg(DISTINCT lower(product_line COLLATE "C")) FILTER (WHERE product_line IS NOT NULL), '{}') AS lines
FROM sale_line WHERE order_id = ANY($1::uuid[]) GROUP BY order_id
"""
_PARTS = """
SELECT 'orders' AS kind, s.order_id AS id, jsonb_build_object(
    'order_id', s.order_id, 'account_id', s.account_id, 'partner_id', s.partner_id, 'channel_id', s.channel_id,
    'deal_id', s.deal_id, 'region', s.region, 'order_date', s.order_date, 'lines', (
        SELECT jsonb_agg(jsonb_build_object(
            'line_no', l.line_no, 'sku', l.sku, 'product_line', l.product_line, 'quantity', l.quantity,
            'returned', l.returned, 'net_base', l.net_base, 'returned_net_base', l.returned_net_base
        ) ORDER BY l.line_no) FROM sale_line l WHERE l.order_id = s.order_id
    ))::text AS part FROM sale s WHERE s.order_id = ANY($1::uuid[])
UNION ALL SELECT 'deals', d.id, jsonb_build_object(
    'deal_id', d.id, 'number', d.number, 'partner_id', d.partner_id, 'account_id', d.account_id, 'state', d.state,
    'product_lines', d.product_lines, 'registered_on', d.registered_on, 'protected_until', d.protected_until
    )::text FROM deal d WHERE d.id = ANY($2::uuid[])
UNION ALL SELECT 'agreements', a.id, jsonb_build_object(
    'agreement_id', a.id, 'number', a.number, 'agreement_version', a.agreement_version, 'partner_id', a.partner_id,
    'territory', a.territory, 'product_lines', a.product_lines, 'mode', a.mode, 'exclusivity', a.exclusivity,
    'max_discount', a.max_discount, 'valid_from', a.valid_from, 'ends_on', a.ends_on
    )::text FROM agreement a WHERE a.id = ANY($3::uuid[])
UNION ALL SELECT 'opportunities', p.id, jsonb_build_object(
    'opportunity_id', p.id, 'account_id', p.account_id, 'stage', p.stage, 'opened_on', p.opened_on
    )::text FROM opportunity_fact p WHERE p.id = ANY($4::uuid[])
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
WHERE s.account_id = ANY($1::uuid[]) AND s.order_date >= $2 GROUP BY s.order_id ORDER BY s.order_date, s.order_id
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
    """Net of an order, less what came back, and its folded product lines."""

    order_id: UUID
    value_base: int
    lines: list[str]


class Cover(NamedTuple):
    """The days for which something was decided of a kind, parties and place; without an end they stay open."""

    kind: str
    parties: str
    place: str
    valid_from: date
    valid_to: date | None


class SnapshotPart(NamedTuple):
    """What is known of an order, a deal, an agreement or an opportunity (`kind` in the plural), as JSON text."""

    kind: str
    id: UUID
    part: str


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


async def take_numbers(tx: Tx, year: int, count: int) -> range:
    """The next numbers of a year, without gaps; others wait for them until the transaction ends."""
    last = int(await tx.fetchval(_TAKE_NUMBERS, year, count))
    return range(last - count + 1, last + 1)


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


async def live_ones(tx: Tx, places: Collection[tuple[str, str, str]]) -> list[Conflict]:
    """The conflicts that live of (kind, parties, place), locked."""
    return await tx.rows(Conflict, _LIVE_ONES, *_columns(places))


async def covers(tx: Tx, places: Collection[tuple[str, str, str]]) -> list[Cover]:
    """What was decided of (kind, parties, place)."""
    return await tx.rows(Cover, _COVERS, *_columns(places))


def _columns(rows: Collection[tuple[str, str, str]]) -> list[list[str]]:
    return [list(column) for column in zip(*sorted(rows), strict=True)]


async def events_of(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The event by which each order was confirmed."""
    rows = await tx.fetch(_CONFIRMED, list(order_ids))
    return {row["order_id"]: row["confirmed_event_id"] for row in rows}


async def worths_of(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, Worth]:
    """What each order comes to; nothing of those without lines."""
    return {one.order_id: one for one in await tx.rows(Worth, _WORTHS, list(order_ids))}


async def parts_of(
    tx: Tx,
    orders: Collection[UUID],
    deals: Collection[UUID],
    agreements: Collection[UUID],
    opportunities: Collection[UUID],
) -> dict[str, dict[UUID, dict[str, Any]]]:
    """What is known of these now, as JSON has it, by kind (in the plural) and id."""
    found: dict[str, dict[UUID, dict[str, Any]]] = {}
    for row in await tx.rows(SnapshotPart, _PARTS, *map(list, (orders, deals, agreements, opportunities))):
        found.setdefault(row.kind, {})[row.id] = json.loads(row.part)
    return found


async def add_conflicts(tx: Tx, rows: Sequence[Conflict]) -> None:
    """Store conflicts that open."""
    await insert_rows(tx, Conflict, rows)


async def change_conflicts(tx: Tx, rows: Sequence[Conflict]) -> None:
    """Write changed conflicts whole; raises VersionMismatch when one has moved on."""
    await update_rows(tx, Conflict, rows)


async def add_evidence(tx: Tx, rows: Sequence[ConflictEvidence]) -> None:
    """Keep what shows conflicts."""
    await insert_rows(tx, ConflictEvidence, rows)


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
