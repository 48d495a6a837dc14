"""List of accounts."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of, search_of
from kit.db.text_keys import TextKey
from kit.tax_ids import tax_id_keys
from services.customer.accounts.enums import IndustryScheme
from services.customer.accounts.models import AccountColumns, AccountFact
from services.customer.accounts.sealing import PRIVATE, STORED, UNSHOWN

EXTERNAL_IDS = (
    "(SELECT coalesce(json_object_agg(e.source, e.external_id ORDER BY e.source), '{}') "
    "FROM account_external_id e WHERE e.account_id = a.id)"
)
"""The ids of account `a` in other systems, {source: id}."""

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
        "external_id": Field(
            "''",
            match="EXISTS (SELECT 1 FROM account_external_id x WHERE x.account_id = a.id AND x.external_id = ANY({}))",
        ),
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
        "field": Field("''", match="f.fields && {}"),
    },
    default_sort="-recorded_at",
)
FACTS_WITHOUT_TAX_IDS = replace(FACTS, fields={**FACTS.fields, "known": Field("f.known - 'tax_id'", "json")})
