"""SQL of timelines: a branch per source, each by its own index (account, at, id), merged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import orjson

from kit.db.database import Tx
from services.customer.timeline.enums import TimelineKind
from services.customer.timeline.models import After, Entry


class Branch(NamedTuple):
    """A source: its table, the columns of the account and of the time, and what is shown of a row `t`."""

    table: str
    at: str
    business_date: str
    subject_id: str
    data: str


BRANCHES: Final[dict[TimelineKind, Branch]] = {
    TimelineKind.ORDER: Branch(
        "order_step", "t.at", "t.order_date", "t.order_id",
        "SELECT jsonb_build_object('state', t.state, 'placement', t.placement, 'number', o.number, 'currency', "
        "o.currency, 'gross', o.gross, 'gross_base', o.gross_base) FROM orders o WHERE o.id = t.order_id",
    ),
    TimelineKind.RETURN: Branch(
        "order_return", "t.created_at", "t.return_date", "t.order_id",
        "SELECT jsonb_build_object('number', o.number, 'currency', t.currency, 'gross', t.gross, 'gross_base', "
        "t.gross_base) FROM orders o WHERE o.id = t.order_id",
    ),
    TimelineKind.PAYMENT: Branch(
        "payment", "t.created_at", "t.received_on", "t.id",
        "SELECT jsonb_build_object('currency', t.currency, 'amount', t.amount, 'method', t.method)",
    ),
    TimelineKind.REFUND: Branch(
        "payment_refund", "t.created_at", "t.refunded_on", "t.payment_id",
        "SELECT jsonb_build_object('currency', p.currency, 'amount', t.amount) FROM payment p "
        "WHERE p.id = t.payment_id",
    ),
    TimelineKind.CONTACT: Branch(
        "contact", "t.created_at", "(t.created_at AT TIME ZONE $3)::date", "t.id",
        "SELECT jsonb_build_object('roles', t.roles)",
    ),
    TimelineKind.FACT: Branch(
        "account_fact", "t.recorded_at", "coalesce(t.collected_on, (t.recorded_at AT TIME ZONE $3)::date)",
        "t.account_id",
        "SELECT jsonb_build_object('version', t.account_version, 'fields', t.fields, 'channel', t.channel, "
        "'recorded_by', t.recorded_by)",
    ),
}  # fmt: skip
"""The order of the kinds is their place among entries of one instant."""
_PLACES: Final = {kind: place for place, kind in enumerate(BRANCHES, 1)}


def _branch(kind: TimelineKind, after: After | None) -> str:
    """Entries of one kind behind a position, the latest first; the whole position is compared, by the index."""
    of, place = BRANCHES[kind], _PLACES[kind]
    behind = ""
    if after is not None and place < after.place:
        behind = f"AND {of.at} <= $4 AND $5::uuid IS NOT NULL"
    elif after is not None and place == after.place:
        behind = f"AND ({of.at}, t.id) < ($4, $5::uuid)"
    elif after is not None:
        behind = f"AND {of.at} < $4 AND $5::uuid IS NOT NULL"
    return (
        f"(SELECT '{kind}' AS kind, {place} AS place, {of.at} AS at, t.id, {of.business_date} AS business_date, "
        f"{of.subject_id} AS subject_id, ({of.data})::text AS data FROM {of.table} t "
        f"WHERE t.account_id = $1 AND $3::text IS NOT NULL {behind} ORDER BY {of.at} DESC, t.id DESC LIMIT $2)"
    )


async def entries_of(
    tx: Tx, account_id: UUID, kinds: Collection[TimelineKind], timezone: str, count: int, after: After | None
) -> Sequence[Entry]:
    """At most so many entries of these kinds behind a position, the latest first."""
    branches = " UNION ALL ".join(_branch(kind, after) for kind in BRANCHES if kind in kinds)
    position = [] if after is None else [after.at, after.id]
    sql = f"SELECT * FROM ({branches}) e ORDER BY e.at DESC, e.place DESC, e.id DESC LIMIT $2"
    rows = await tx.fetch(sql, account_id, count, timezone, *position)
    return [_entry(*row) for row in rows]


def _entry(
    kind: str, place: int, at: datetime, entry_id: UUID, business_date: date, subject_id: UUID, data: str
) -> Entry:
    return Entry(TimelineKind(kind), place, at, entry_id, business_date, subject_id, orjson.loads(data))
