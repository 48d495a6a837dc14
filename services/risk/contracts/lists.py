"""Lists of contracts: with the terms of a business day (`$1`), and those whose end comes."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.contracts.models import KEPT, ContractColumns
from services.risk.redirects.lists import filed_fields

PARTIES = "LEFT JOIN account_directory d ON d.id = c.account_id LEFT JOIN partner_directory p ON p.id = c.partner_id"
OWNER = "coalesce(d.owner_id, p.owner_id)"
"""Who owns the account or the partner of a contract `c`, with `PARTIES`."""
ON_A_DAY = "$1::date IS NOT NULL"
_VERSION = """
LEFT JOIN LATERAL (
    SELECT * FROM contract_version w WHERE w.contract_id = c.id AND w.effective_from <= $1::date
    ORDER BY w.ordinal DESC LIMIT 1
) v ON TRUE
"""


def _then(name: str) -> str:
    """A term on the day; before the first version that of the row."""
    return f"CASE WHEN v.id IS NULL THEN c.{name} ELSE v.{name} END"


_SHOWN = {
    **fields_of(
        ContractColumns,
        "c",
        sortable=("number", "title", "created_at"),
        without=("account_id", "stream_key", "due_at", "warned", "renewals", "ends_anchor", *KEPT),
    ),
    **filed_fields("c.account_id", nullable=True),
}
CONTRACTS = ListSpec(
    source=f"contract c {_VERSION} {PARTIES}",
    fields={
        **_SHOWN,
        "owner_id": Field(OWNER, "uuid", nullable=True),
        "value": Field(_then("value"), "int"),
        "exchange_rate": Field(_then("exchange_rate"), filterable=False),
        "value_base": Field(f"coalesce({_then('value_base')}, {_then('value')})", "int"),
        "ends_on": Field(_then("ends_on"), "date", nullable=True),
        "notice_days": Field(_then("notice_days"), "int"),
        "notice_by": Field(f"{_then('ends_on')} - {_then('notice_days')}", "date", nullable=True),
        "renewal": Field(_then("renewal"), enum=("none", "by_agreement", "automatic")),
        "renew_months": Field(_then("renew_months"), "int", nullable=True),
        "document": Field(_then("document"), "json", nullable=True),
        "terms_from": Field("coalesce(v.effective_from, c.terms_from)", "date", nullable=True),
        "currency": Field("c.currency", "currency"),
    },
    search=("c.number", "c.title"),
    search_key=search_of(ContractColumns, "c"),
    default_sort="created_at",
)
_OF_A_RENEWAL = (
    "id",
    "number",
    "title",
    "type",
    "state",
    "account_id",
    "filed_account_id",
    "partner_id",
    "notice_given_on",
)
RENEWALS = ListSpec(
    source=f"contract c {PARTIES}",
    fields={
        **{name: _SHOWN[name] for name in _OF_A_RENEWAL},
        "owner_id": Field(OWNER, "uuid", nullable=True),
        "ends_on": Field("c.ends_on", "date", sortable=True),
        "notice_by": Field("(c.ends_on - c.notice_days)", "date", sortable=True),
        "renewal": Field("c.renewal", enum=("none", "by_agreement", "automatic")),
        "renew_months": Field("c.renew_months", "int", nullable=True),
    },
    search=("c.number", "c.title"),
    search_key=search_of(ContractColumns, "c"),
    default_sort="notice_by",
)
HAS_AN_END = "c.state IN ('signed', 'in_force') AND c.ends_on IS NOT NULL"
