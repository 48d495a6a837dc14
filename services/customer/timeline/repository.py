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
    TimelineKind.STAGE: Branch(
        "account_stage", "t.recorded_at", "t.since", "t.account_id", "SELECT jsonb_build_object('stage', t.stage)"
    ),
    TimelineKind.ANSWER: Branch(
        "survey_answer", "t.answered_at", "t.business_date", "t.survey_id",
        "SELECT jsonb_build_object('kind', t.kind, 'score', t.score, 'contact_id', t.contact_id, 'case_id', t.case_id)",
    ),
    TimelineKind.ACTIVITY: Branch(
        "activity", "t.created_at",
        "coalesce((coalesce(t.ended_at, t.planned_at) AT TIME ZONE $3)::date, t.due_on, "
        "(t.created_at AT TIME ZONE $3)::date)", "t.id",
        "SELECT jsonb_build_object('kind', t.kind, 'phase', t.phase, 'state', t.state, 'purpose', t.purpose, "
        "'outcome', t.outcome, 'contact_id', t.contact_id, 'opportunity_id', t.opportunity_id)",
    ),
    TimelineKind.CASE: Branch(
        "service_case", "t.created_at", "t.opened_on", "t.id",
        "SELECT jsonb_build_object('number', t.number, 'kind', t.kind, 'state', t.state, 'severity', t.severity, "
        "'order_id', t.order_id, 'contact_id', t.contact_id)",
    ),
    TimelineKind.GRADE: Branch(
        "account_grade", "t.recorded_at", "t.as_of", "t.run_id",
        "SELECT jsonb_build_object('old', t.former, 'new', t.grade)",
    ),
    TimelineKind.HEARD: Branch("heard_fact", "t.at", "t.business_date", "t.subject_id", "SELECT t.data"),
}  # fmt: skip
"""The order of the kinds is their place among entries of one instant."""
_PLACES: Final = {kind: place for place, kind in enumerate(BRANCHES, 1)}


def _branch(kind: TimelineKind, after: After | None, *, is_one: bool) -> str:
    """Entries of one kind behind a position, the latest first; the whole position is compared, by the index. Of several
    accounts each gives as many by its own."""
    of, place = BRANCHES[kind], _PLACES[kind]
    behind = ""
    if after is not None and place < after.place:
        behind = f"AND {of.at} <= $4 AND $5::uuid IS NOT NULL"
    elif after is not None and place == after.place:
        behind = f"AND ({of.at}, t.id) < ($4, $5::uuid)"
    elif after is not None:
        behind = f"AND {of.at} < $4 AND $5::uuid IS NOT NULL"
    account = "($1::uuid[])[1]" if is_one else "m.id"
    own = (
        f"(SELECT '{kind}' AS kind, {place} AS place, {of.at} AS at, t.id, {of.business_date} AS business_date, "
        f"{of.subject_id} AS subject_id, t.account_id, ({of.data})::text AS data FROM {of.table} t "
        f"WHERE t.account_id = {account} AND $3::text IS NOT NULL {behind} ORDER BY {of.at} DESC, t.id DESC LIMIT $2)"
    )
    return own if is_one else f"(SELECT n.* FROM unnest($1::uuid[]) AS m(id) CROSS JOIN LATERAL {own} n)"


async def entries_of(
    tx: Tx, accounts: Sequence[UUID], kinds: Collection[TimelineKind], timezone: str, count: int, after: After | None
) -> Sequence[Entry]:
    """At most so many entries of these kinds of accounts that are one behind a position, the latest first."""
    is_one = len(accounts) == 1
    branches = " UNION ALL ".join(_branch(kind, after, is_one=is_one) for kind in BRANCHES if kind in kinds)
    position = [] if after is None else [after.at, after.id]
    sql = f"SELECT * FROM ({branches}) e ORDER BY e.at DESC, e.place DESC, e.id DESC LIMIT $2"
    rows = await tx.fetch(sql, list(accounts), count, timezone, *position)
    return [_entry(*row) for row in rows]


def _entry(
    kind: str, place: int, at: datetime, entry_id: UUID, business_date: date, subject_id: UUID, filed: UUID, data: str
) -> Entry:
    return Entry(TimelineKind(kind), place, at, entry_id, business_date, subject_id, filed, orjson.loads(data))
