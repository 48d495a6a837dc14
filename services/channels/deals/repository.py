"""SQL of deals."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.channels.deals.enums import DealState
from services.channels.deals.models import Deal, DealOrderLine
from services.channels.deals.rules import Identity
from services.channels.redirects.lists import root_of

_ONE = f"SELECT {columns_of(Deal, 'd')} FROM deal d WHERE d.id = $1"
_LOCK = select_sql(Deal, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_MEMBER = """
SELECT id FROM principal
WHERE subject = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) ORDER BY valid_from DESC LIMIT 1
"""
_SAME = """(
    {0}.tax_id_hash = {1}.tax_id_hash OR {0}.domain_hash = {1}.domain_hash
    OR ({0}.name_key = {1}.name_key AND {0}.country = {1}.country
        AND ({0}.tax_id_hash IS NULL OR {1}.tax_id_hash IS NULL))
)"""
"""`rules.is_same` of two rows, in SQL: each way has its index."""
_ASKED = "(SELECT $1::text AS name_key, $2::text AS country, $3::text AS tax_id_hash, $4::text AS domain_hash) i"
_LIVE = f"""
SELECT {columns_of(Deal, "d")} FROM deal d
WHERE (d.state = 'registered' OR (d.state IN ('approved', 'won') AND d.protected_until >= $5)) AND d.id IN (
    SELECT d.id FROM deal d JOIN {_ASKED} ON {_SAME.format("d", "i")}
    UNION SELECT id FROM deal WHERE account_id = ANY($6::uuid[])
    UNION SELECT d.id FROM account_identity a JOIN deal d ON {_SAME.format("d", "a")} WHERE a.id = ANY($6::uuid[]))
AND ($7::timestamptz IS NULL OR (d.registered_at, d.number) < ($7, $8::text))
ORDER BY d.registered_at, d.number LIMIT 1
"""
_OPEN = "SELECT count(*) FROM deal WHERE partner_id = $1 AND state IN ('registered', 'approved')"
_OPEN_LOCKED = select_sql(Deal, "partner_id = $1 AND state IN ('registered', 'approved') ORDER BY id FOR NO KEY UPDATE")
_ACCOUNTS = f"""
SELECT a.id, a.is_archived, a.tax_id_hash = i.tax_id_hash AS by_tax_id, a.domain_hash = i.domain_hash AS by_domain
FROM account_identity a JOIN {_ASKED} ON {_SAME.format("a", "i")} ORDER BY a.is_archived, a.id LIMIT 100
"""
_UNFILED = f"""
WITH told AS MATERIALIZED (SELECT DISTINCT d.id FROM account_identity n CROSS JOIN LATERAL (
    SELECT d.id FROM deal d WHERE d.account_id IS NULL AND d.state IN ('registered', 'approved', 'expired', 'won')
    AND {_SAME.format("d", "n")} OFFSET 0) d WHERE n.id = ANY($1::uuid[]))
SELECT d.id AS deal_id, a.id, a.is_archived, a.tax_id_hash = d.tax_id_hash AS by_tax_id,
    a.domain_hash = d.domain_hash AS by_domain
FROM told JOIN deal d ON d.id = told.id CROSS JOIN LATERAL (
    SELECT a.* FROM account_identity a WHERE {_SAME.format("a", "d")} OFFSET 0) a ORDER BY d.id, a.is_archived, a.id
"""  # row by row, by the indexes of `_SAME`: whoever decides on claims waits for this
_THESE = f"""
unnest($1::uuid[]) AS m (id) CROSS JOIN LATERAL (SELECT {root_of("m.id")} AS id) r
JOIN account_fact f ON f.id = r.id AND {{seen}}
"""
"""Accounts, each with what it reads as, which is of the reader's scope: the condition is put in later."""
_ORDERED = f"""
SELECT r.id AS account_id, m.id AS filed_account_id, s.orders, s.last_order_date, s.partner_orders
FROM {_THESE} JOIN LATERAL (
    SELECT count(*) AS orders, max(order_date) AS last_order_date, count(partner_id) AS partner_orders FROM sale
    WHERE account_id = m.id AND order_date > $2::date AND order_date <= $3::date
) s ON s.orders > 0
ORDER BY s.last_order_date DESC, s.orders DESC, f.name_key, m.id LIMIT 100
"""
_OPPORTUNITIES = f"""
SELECT o.id AS opportunity_id, r.id AS account_id, m.id AS filed_account_id, o.owner_id, o.partner_id, o.stage,
    o.opened_on
FROM {_THESE} JOIN opportunity_fact o ON o.account_id = m.id AND o.state = 'open'
ORDER BY o.opened_on DESC, o.stage, f.name_key, o.id LIMIT 100
"""
_ACTIVITIES = f"""
SELECT r.id AS account_id, m.id AS filed_account_id, x.activities, x.last_on
FROM {_THESE} JOIN LATERAL (
    SELECT count(*) AS activities, max(business_date) AS last_on FROM activity_fact
    WHERE account_id = m.id AND business_date > $2::date AND business_date <= $3::date
) x ON x.activities > 0
ORDER BY x.last_on DESC, x.activities DESC, f.name_key, m.id LIMIT 100
"""
_MATCHING = f"""
SELECT DISTINCT o.order_id, d.id AS deal_id, COALESCE(d.id = o.deal_id, false) AS is_named, d.number
FROM json_to_recordset($1::json) AS o(order_id uuid, members uuid[], partner_id uuid, deal_id uuid, order_date date)
JOIN deal d ON d.partner_id = o.partner_id AND d.state IN ('registered', 'approved', 'expired', 'won')
    AND (d.id = o.deal_id OR (o.order_date >= d.registered_on AND COALESCE(o.order_date <= d.protected_until, true)))
LEFT JOIN account_identity a ON a.id = ANY(o.members)
WHERE d.id = o.deal_id OR d.account_id = ANY(o.members) OR {_SAME.format("d", "a")}
ORDER BY o.order_id, is_named DESC, d.number
"""
_UNCLAIMED = """
SELECT s.order_id, s.account_id, s.partner_id, s.deal_id, s.order_date, l.line_no, l.net_base, l.returned_net_base
FROM sale s JOIN sale_line l ON l.order_id = s.order_id
WHERE s.account_id = ANY($1::uuid[]) AND s.partner_id IS NOT NULL AND s.confirmed_event_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM deal_order_line k WHERE k.order_id = s.order_id)
    AND EXISTS (SELECT FROM deal d WHERE d.partner_id = s.partner_id AND d.registered_on <= s.order_date
        AND d.state IN ('registered', 'approved', 'expired', 'won'))
ORDER BY s.order_date, s.order_id, l.line_no
"""
_CLAIMS = f"""
SELECT DISTINCT o.subject_id, d.id AS deal_id, d.partner_id, d.state, d.number
FROM json_to_recordset($1::json)
    AS o(subject_id uuid, members uuid[], partner_id uuid, deal_id uuid, day date, lines text[])
LEFT JOIN account_identity a ON a.id = ANY(o.members)
JOIN deal d ON d.account_id = ANY(o.members) OR {_SAME.format("d", "a")}
WHERE d.state IN ('registered', 'approved', 'expired', 'won') AND d.partner_id IS DISTINCT FROM o.partner_id
    AND d.id IS DISTINCT FROM o.deal_id AND o.day >= d.registered_on AND COALESCE(o.day <= d.protected_until, true)
    AND (o.lines IS NULL OR cardinality(d.product_lines) = 0
        OR EXISTS (SELECT FROM unnest(d.product_lines) AS l (line) WHERE lower(l.line COLLATE "C") = ANY(o.lines)))
ORDER BY o.subject_id, d.number
"""
_PROTECTED = f"""
SELECT m.id AS account_id, d.id AS deal_id, d.partner_id, d.product_lines
FROM unnest($1::uuid[]) AS m (id) LEFT JOIN account_identity a ON a.id = m.id
JOIN deal d ON d.account_id = m.id OR {_SAME.format("d", "a")}
WHERE d.state IN ('approved', 'won') AND d.protected_until >= $2 ORDER BY d.registered_at, d.number, m.id
"""
_RETURNED = """
UPDATE deal_order_line l SET returned_net_base = r.returned_net_base
FROM json_to_recordset($1::json) AS r(order_id uuid, line_no int, returned_net_base bigint)
WHERE l.order_id = r.order_id AND l.line_no = r.line_no AND l.returned_net_base < r.returned_net_base
"""
_REALISED = "SELECT COALESCE(sum(net_base - returned_net_base), 0)::bigint FROM deal_order_line WHERE deal_id = $1"
_DEALS_OF = "SELECT DISTINCT order_id, deal_id FROM deal_order_line WHERE order_id = ANY($1::uuid[])"
_ORDERS = """
SELECT order_id FROM deal_order_line WHERE deal_id = $1 AND order_date <= $2 GROUP BY order_id
ORDER BY min(order_date), sum(net_base) DESC, order_id LIMIT 1
"""
_PATIENCE = "SELECT set_config('lock_timeout', $1, true)"
_ALL = select_sql(Deal, "TRUE")
_ALL_LINES = select_sql(DealOrderLine, "TRUE ORDER BY order_id, line_no")
_DOUBLES = f"""
SELECT 'deal ' || l.number || ' beside ' || e.number AS what
FROM deal e JOIN deal l ON {_SAME.format("e", "l")} AND (e.registered_at, e.number) < (l.registered_at, l.number)
WHERE e.state IN ('registered', 'approved', 'won') AND COALESCE(e.protected_until >= l.registered_on, true)
"""
_DROP_LATER = "DELETE FROM deal_order_line WHERE deal_id = $1 AND order_date > $2"


class Account(NamedTuple):
    """An account that is the same customer, and by what."""

    id: UUID
    is_archived: bool
    by_tax_id: bool | None
    by_domain: bool | None


class Unfiled(NamedTuple):
    """An account that is the customer of a claim without one, and by what."""

    deal_id: UUID
    id: UUID
    is_archived: bool
    by_tax_id: bool | None
    by_domain: bool | None


class Ordered(NamedTuple):
    """What an account that is the same customer has ordered of late; `partner_orders` are those through partners."""

    account_id: UUID
    filed_account_id: UUID
    orders: int
    last_order_date: date
    partner_orders: int


class Opened(NamedTuple):
    """An open opportunity of an account that is the same customer; without a partner it is the company's own."""

    opportunity_id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    stage: str
    opened_on: date


class Active(NamedTuple):
    """How often somebody of the company was active of late at an account that is the same customer."""

    account_id: UUID
    filed_account_id: UUID
    activities: int
    last_on: date


class Unclaimed(NamedTuple):
    """A line of an order through a partner that is of no deal."""

    order_id: UUID
    account_id: UUID
    partner_id: UUID
    deal_id: UUID | None
    order_date: date
    line_no: int
    net_base: int
    returned_net_base: int


class Match(NamedTuple):
    """A deal that an order is one of."""

    order_id: UUID
    deal_id: UUID
    is_named: bool
    number: str


class Claim(NamedTuple):
    """Another partner's claim on the customer of an order or an opportunity, whose day lies in its days."""

    subject_id: UUID
    deal_id: UUID
    partner_id: UUID
    state: DealState
    number: str


class Protected(NamedTuple):
    """A claim that is protected, on an account; no product lines are all."""

    account_id: UUID
    deal_id: UUID
    partner_id: UUID
    product_lines: list[str]


async def hold_locks(tx: Tx, keys: Sequence[int], *, is_shared: bool = False) -> None:
    """Wait, one key after the other, for claims that may be the same; until the transaction ends. Who shares them waits
    for those alone who do not."""
    lock = "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock"
    await tx.execute(f"SELECT {lock}(k) FROM unnest($1::bigint[]) AS k", keys)


async def hold_locks_soon(tx: Tx, keys: Sequence[int], seconds: float) -> bool:
    """The same, but wait no longer than so many seconds for each; False, and nothing is held of them, where that was
    not enough."""
    try:
        async with tx.savepoint():
            usual = await tx.fetchval("SELECT current_setting('lock_timeout')")
            await tx.execute(_PATIENCE, f"{int(seconds * 1000)}ms")
            await hold_locks(tx, keys)
            await tx.execute(_PATIENCE, usual)
    except asyncpg.LockNotAvailableError:
        return False
    return True


async def next_number(tx: Tx) -> int:
    """The next number of the sequence; a rollback leaves a gap."""
    return int(await tx.fetchval("SELECT nextval('deal_number_seq')"))


async def member_of(tx: Tx, subject: str, day: date) -> UUID | None:
    """The member that a token subject is on a day."""
    found: UUID | None = await tx.fetchval(_MEMBER, subject, day)
    return found


async def open_deals(tx: Tx, partner_id: UUID) -> int:
    """How many deals of a partner are registered or approved."""
    return int(await tx.fetchval(_OPEN, partner_id))


async def lock_open(tx: Tx, partner_id: UUID) -> list[Deal]:
    """Deals of a partner that are registered or approved, locked."""
    return await tx.rows(Deal, _OPEN_LOCKED, partner_id)


async def live_claim(
    tx: Tx, identity: Identity, account_ids: Sequence[UUID], today: date, before: Deal | None = None
) -> Deal | None:
    """The first claim that stands on the same customer, or on one of these accounts; of those before one, if that is
    given."""
    place = (None, None) if before is None else (before.registered_at, before.number)
    return await tx.row(Deal, _LIVE, *identity, today, account_ids, *place)


async def accounts_like(tx: Tx, identity: Identity) -> list[Account]:
    """Accounts that are the same customer."""
    return await tx.rows(Account, _ACCOUNTS, *identity)


async def unfiled(tx: Tx, account_ids: Sequence[UUID]) -> list[Unfiled]:
    """The accounts of claims without one on a customer that one of these accounts is, by claim."""
    return await tx.rows(Unfiled, _UNFILED, account_ids)


async def ordered_of_late(
    tx: Tx, visible: ScopeQuery, account_ids: Sequence[UUID], after: date, until: date
) -> list[Ordered]:
    """Which of these accounts, of the scope, have ordered within some days."""
    sql = _ORDERED.format(seen=visible.sees("f.owner_id", 4))
    return await tx.rows(Ordered, sql, account_ids, after, until, *visible.args)


async def open_opportunities(tx: Tx, visible: ScopeQuery, account_ids: Sequence[UUID]) -> list[Opened]:
    """Open opportunities of those of these accounts that are of the scope."""
    sql = _OPPORTUNITIES.format(seen=visible.sees("f.owner_id", 2))
    return await tx.rows(Opened, sql, account_ids, *visible.args)


async def active_of_late(
    tx: Tx, visible: ScopeQuery, account_ids: Sequence[UUID], after: date, until: date
) -> list[Active]:
    """At which of these accounts, of the scope, somebody was active within some days."""
    sql = _ACTIVITIES.format(seen=visible.sees("f.owner_id", 4))
    return await tx.rows(Active, sql, account_ids, after, until, *visible.args)


async def find_deal(tx: Tx, visible: ScopeQuery, deal_id: UUID, *, lock: bool) -> Deal | None:
    """A deal of the scope, by its own owner or by its account's, locked on request."""
    account = root_of("d.account_id")
    accounts = f"EXISTS (SELECT FROM account_fact a WHERE a.id = {account} AND {visible.sees('a.owner_id', 2)})"
    locked = "FOR NO KEY UPDATE OF d" if lock else ""
    sql = f"{_ONE} AND ({visible.sees('d.owner_id', 2)} OR {accounts}) {locked}"
    return await tx.row(Deal, sql, deal_id, *visible.args)


async def lock_deals(tx: Tx, deal_ids: Sequence[UUID]) -> dict[UUID, Deal]:
    """Deals by id, locked in the order of their ids."""
    return {row.id: row for row in await tx.rows(Deal, _LOCK, sorted(deal_ids))}


async def matching(tx: Tx, orders: Sequence[dict[str, object]]) -> list[Match]:
    """Deals that orders may be of, those they name first."""
    return await tx.rows(Match, _MATCHING, dumps(orders))


async def claims_on(tx: Tx, subjects: str) -> list[Claim]:
    """Claims of others on the customers of subjects, which are JSON."""
    return await tx.rows(Claim, _CLAIMS, subjects)


async def protected_on(tx: Tx, account_ids: Sequence[UUID], day: date) -> list[Protected]:
    """Claims that are protected on a day, once for each of these accounts that they are on, the first one first."""
    return await tx.rows(Protected, _PROTECTED, account_ids, day)


async def unclaimed(tx: Tx, account_ids: Sequence[UUID]) -> list[Unclaimed]:
    """Lines of what these accounts have ordered of partners with deals and that is of none, by order."""
    return await tx.rows(Unclaimed, _UNCLAIMED, account_ids)


async def add_lines(tx: Tx, lines: Sequence[DealOrderLine]) -> None:
    """Let orders be of deals, each of one for ever."""
    await insert_rows(tx, DealOrderLine, lines, "ON CONFLICT DO NOTHING")


async def put_returned(tx: Tx, lines: Sequence[dict[str, object]]) -> None:
    """Set what of lines came back so far; less than what is known already changes nothing."""
    await tx.execute(_RETURNED, dumps(lines))


async def deals_of(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The deal of each order that is one's."""
    return dict(await tx.pairs(UUID, UUID, _DEALS_OF, order_ids))


async def realised(tx: Tx, deal_id: UUID) -> int:
    """The net of a deal's orders, less returns."""
    return int(await tx.fetchval(_REALISED, deal_id))


async def keep_orders(tx: Tx, deal_id: UUID, until: date) -> UUID | None:
    """Leave the orders that came while a claim was reviewed and are dated in its days; the first of them, if one."""
    await tx.execute(_DROP_LATER, deal_id, until)
    found: UUID | None = await tx.fetchval(_ORDERS, deal_id, until)
    return found


async def drop_orders(tx: Tx, deal_id: UUID) -> None:
    """Orders that came while a claim was reviewed are none of it: it was given up."""
    await tx.execute("DELETE FROM deal_order_line WHERE deal_id = $1", deal_id)


async def all_orders(tx: Tx) -> set[UUID]:
    """Orders that are of a deal."""
    return set(await tx.column(UUID, "SELECT DISTINCT order_id FROM deal_order_line"))


def all_deals(tx: Tx) -> AsyncIterable[Deal]:
    """Every deal."""
    return tx.stream_rows(Deal, _ALL)


async def all_lines(tx: Tx) -> list[DealOrderLine]:
    """Lines of orders of deals, those of an order together."""
    return await tx.rows(DealOrderLine, _ALL_LINES)


async def doubles(tx: Tx) -> list[str]:
    """Claims that were taken while another stood on the same customer."""
    return await tx.column(str, _DOUBLES)
