"""List of credit lines."""

from __future__ import annotations

from hashlib import sha256

from kit.db.lists import Field, ListSpec, fields_of
from services.targets.credits.models import CreditLineRow
from services.targets.redirects.lists import filed_fields

CREDIT_LINES = ListSpec(
    source="credit_line c",
    fields={
        **fields_of(
            CreditLineRow,
            "c",
            sortable=("posting_date",),
            unfiltered=("margin", "costed_net"),
            without=("fact_id", "ordinal", "sequence"),
        ),
        **filed_fields("c.account_id"),
        "currency": Field("c.currency", "currency"),
        "unit_id": Field("c.unit_path", "uuid", match="c.unit_path && {}"),
    },
    default_sort="-posting_date",
)
VISIBLE = "c.member_id = ANY($1::uuid[]) OR c.unit_path && $2::uuid[]"
"""Condition of what a caller sees."""


def label_sql(kind: str, value: str) -> str:
    """The label of a text expression as a value of a kind; 0 for none. The same is in the migration that made them."""
    digest = f"encode(substr(sha256(convert_to('{kind}:' || nullif({value}, ''), 'UTF8')), 1, 8), 'hex')"
    return f"coalesce(('x' || {digest})::bit(64)::bigint, 0)"


def label_of(kind: str, value: str) -> int:
    """The same of a text, in 64 bits with a sign; 0 for none."""
    if not value:
        return 0
    return int.from_bytes(sha256(f"{kind}:{value}".encode()).digest()[:8], "big", signed=True)
