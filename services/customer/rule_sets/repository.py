"""SQL of rule sets: accounts classified a batch at a time, by one statement for all rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_sql
from kit.db.saved_filters import SavedFilter
from services.customer.rule_sets.models import AccountLabel

PERSONAL: Final = frozenset({"q", "name", "local_name", "tax_id", "website", "domain"})
"""Fields whose values are not kept beside a label."""
_COLUMNS = tuple(AccountLabel.model_fields)
_PUT = (
    insert_sql("account_label", _COLUMNS)
    + " ON CONFLICT (account_id, axis) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])
)
_DROP = "DELETE FROM account_label WHERE axis = $1 AND account_id = ANY($2::uuid[])"
_LABELS_OF = """
SELECT l.axis, l.label, l.rule, l.rule_set_id, r.number, l.known, l.labelled_at
FROM account_label l JOIN rule_set r ON r.id = l.rule_set_id WHERE l.account_id = $1 ORDER BY l.axis
"""


class Match(NamedTuple):
    """The first rule that chooses an account (None: none does), what it asked for, and the label that stands."""

    account_id: UUID
    rule: int | None
    known: str
    label: str | None


async def next_number(tx: Tx, axis: str) -> int:
    """The number of the next version of an axis; nobody else draws one until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('rule_set'), hashtext($1))", axis)
    return int(await tx.fetchval("SELECT coalesce(max(number), 0) + 1 FROM rule_set WHERE axis = $1", axis))


def _known(rule: SavedFilter) -> str:
    fields = rule.spec.fields
    names = sorted(name for name in rule.fields() - PERSONAL if name in fields and fields[name].sql != "''")
    parts = ", ".join(f"'{name}', {fields[name].sql}" for name in names)
    return f"jsonb_build_object({parts})"


async def next_matches(
    tx: Tx, rules: Sequence[SavedFilter], axis: str, after: UUID, today: date, timezone: str, count: int
) -> list[Match]:
    """Accounts behind an id that are not archived or merged, in order of id, with the first rule that chooses each."""
    args: list[object] = [axis, after]
    numbers, known = [], []
    for number, rule in enumerate(rules):
        where, args = rule.condition(today, timezone, "TRUE", args)
        numbers.append(f"WHEN {where} THEN {number}")
        known.append(f"WHEN {number} THEN {_known(rule)}")
    found = (
        f"SELECT a.id, CASE {' '.join(numbers)} END AS rule FROM {rules[0].spec.source} "
        f"WHERE a.id > $2 AND a.archived_at IS NULL AND a.merged_into IS NULL ORDER BY a.id LIMIT {count}"
    )
    sql = (
        f"WITH m AS MATERIALIZED ({found}) SELECT m.id, m.rule, "
        f"coalesce(CASE m.rule {' '.join(known)} END, '{{}}')::text, l.label "
        "FROM m JOIN account a ON a.id = m.id LEFT JOIN account_label l ON l.account_id = m.id AND l.axis = $1 "
        "ORDER BY m.id"
    )
    return await tx.rows(Match, sql, *args)


async def put_labels(tx: Tx, labels: Sequence[AccountLabel]) -> None:
    """Let accounts have these labels."""
    if labels:
        await tx.execute(_PUT, dumps(labels))


async def drop_labels(tx: Tx, axis: str, account_ids: Collection[UUID]) -> None:
    """Let accounts have no label along an axis."""
    if account_ids:
        await tx.execute(_DROP, axis, list(account_ids))


async def labels_of(tx: Tx, account_id: UUID) -> list[dict[str, Any]]:
    """Labels of an account with the version of their rule set."""
    return [dict(row) for row in await tx.fetch(_LABELS_OF, account_id)]
