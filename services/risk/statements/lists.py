"""Lists of financial statements and credit reports."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.redirects.lists import filed_fields
from services.risk.statements.models import CreditReport, FinancialStatement

_OWNER = {"owner_id": Field("d.owner_id", "uuid", nullable=True)}
STATEMENTS = ListSpec(
    source="financial_statement s LEFT JOIN account_directory d ON d.id = s.account_id",
    fields={
        **fields_of(FinancialStatement, "s", sortable=("created_at",)),
        **filed_fields("s.account_id"),
        **_OWNER,
    },
    default_sort="-created_at",
)
REPORTS = ListSpec(
    source="credit_report s LEFT JOIN account_directory d ON d.id = s.account_id",
    fields={
        **fields_of(CreditReport, "s", sortable=("created_at",)),
        **filed_fields("s.account_id"),
        **_OWNER,
    },
    default_sort="-created_at",
)
