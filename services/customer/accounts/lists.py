"""List of accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kit.db.lists import Field, ListSpec, fields_of, search_of
from kit.db.text_keys import TextKey
from kit.tax_ids import tax_id_keys
from services.customer.accounts.enums import IndustryScheme
from services.customer.accounts.models import AccountColumns, AccountFact, AccountOwner
from services.customer.accounts.sealing import PRIVATE, STORED, UNSHOWN

EXTERNAL_IDS = (
    "(SELECT coalesce(json_object_agg(e.source, e.external_id ORDER BY e.source), '{}') "
    "FROM account_external_id e WHERE e.account_id = a.id)"
)
"""The ids of account `a` in other systems, {source: id}."""

SEEN_BY = (
    "(CASE WHEN a.root_id IS NULL THEN a.owner_id ELSE (SELECT r.owner_id FROM account r WHERE r.id = a.root_id) END)"
)
"""Whose record scope decides who sees account `a`: its owner's; of one that was merged, the owner of its root."""
SCOPE: Final = "$1::uuid[]"
"""The members of the caller's record scope, in lists that are read by it."""
_MEMBERS: Final = """
account g CROSS JOIN LATERAL (
  SELECT coalesce(g.root_id, g.id) AS id
  UNION ALL SELECT b.id FROM account b WHERE b.root_id = coalesce(g.root_id, g.id)
) m WHERE g.id = ANY($1::uuid[])
"""


def joined_root(column: str, join: str = "JOIN") -> str:
    """A join by which `a` is the account that the one of a column reads as; that itself is `f`."""
    return f"{join} account f ON f.id = {column} {join} account a ON a.id = coalesce(f.root_id, f.id)"


def filed_fields(column: str, *, nullable: bool = False) -> dict[str, Field]:
    """Fields of rows that are filed under the account of a column: `account_id` is what that reads as, by any of those
    that read as it all are found."""
    root = f"coalesce((SELECT g.root_id FROM account g WHERE g.id = {column}), {column})"
    return {
        "account_id": Field(root, "uuid", nullable=nullable, filed=column, members=_MEMBERS),
        "filed_account_id": Field(column, "uuid", nullable=nullable),
    }


_BY_EXTERNAL_ID = (
    "a.id IN (SELECT coalesce(m.root_id, m.id) FROM account_external_id x JOIN account m ON m.id = x.account_id "
    "WHERE x.external_id = ANY({}))"
)
"""Accounts with such an id, and those into which one with it was merged."""

ACCOUNTS = ListSpec(
    source="account a",
    fields={
        **fields_of(
            AccountColumns,
            "a",
            sortable=("name", "created_at", "last_order_date", "quality_score"),
            without=("archived_at", *UNSHOWN, *STORED),
        ),
        # with the id and the bytes by which those of persons are opened
        **{name: Field(f"(a.id, a.{name}, a.sealed_{name})", filterable=False) for name in PRIVATE},
        "stream_key": Field("a.stream_key", "uuid", filterable=False),
        "tax_id": Field("a.tax_id", nullable=True, key=TextKey("a.tax_id_key", tax_id_keys, "", str)),
        "industry_scheme": Field("''", match="a.industry->>'scheme' = ANY({})", enum=tuple(IndustryScheme)),
        "industry_code": Field("''", match="a.industry->>'code' = ANY({})"),
        "external_ids": Field(EXTERNAL_IDS, "json"),
        "external_id": Field("''", match=_BY_EXTERNAL_ID),
        "tag": Field("''", match="a.tags && {}"),
        "is_archived": Field("(a.archived_at IS NOT NULL)", "bool"),
    },
    search=("a.name", "a.local_name"),
    search_key=search_of(AccountColumns, "a"),
    default_sort="-created_at",
)

FACTS = ListSpec(
    source="account_fact f",
    fields={
        **fields_of(AccountFact, "f", sortable=("recorded_at",), without=("account_id",)),
        **filed_fields("f.account_id"),
        "field": Field("''", match="f.fields && {}"),
    },
    default_sort="-recorded_at",
)
FACTS_WITHOUT_TAX_IDS = replace(FACTS, fields={**FACTS.fields, "known": Field("f.known - 'tax_id'", "json")})

_UNTIL = (
    "(SELECT n.since FROM account_owner n WHERE n.account_id = w.account_id AND n.account_version > w.account_version "
    "ORDER BY n.account_version LIMIT 1)"
)
OWNERS = ListSpec(
    source="account_owner w",
    fields={
        **fields_of(AccountOwner, "w", sortable=("account_version",), without=("account_id",)),
        "until": Field(_UNTIL, "datetime", nullable=True),
    },
    default_sort="-account_version",
)
