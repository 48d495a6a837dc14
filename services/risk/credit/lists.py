"""Lists of credit: exposures, ledger entries, orders, decisions."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.credit.models import CreditDecision, ExposureAccount, ExposureEntry, OrderExposure
from services.risk.directory.models import AccountEntry
from services.risk.redirects.lists import filed_fields, root_sql

EXPOSURES = ListSpec(
    source="exposure_account e LEFT JOIN account_directory d ON d.id = e.account_id "
    "LEFT JOIN credit_profile p ON p.id = e.account_id",
    fields={
        **fields_of(ExposureAccount, "e", sortable=("balance",), without=("deposit_facts",)),
        "name": fields_of(AccountEntry, "d")["name"],
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "merged_into": Field(root_sql("e.account_id"), "uuid", nullable=True),
        "use": Field("greatest(0, e.balance)", "int"),
        "credit_limit": Field("p.credit_limit", "int", nullable=True),
    },
    default_sort="account_id",
    key="account_id",
)
ENTRIES = ListSpec(
    source="exposure_entry x LEFT JOIN account_directory d ON d.id = x.account_id",
    fields={**fields_of(ExposureEntry, "x", sortable=("recorded_at",)), **filed_fields("x.account_id")},
    default_sort="recorded_at",
)
ORDERS = ListSpec(
    source="order_credit o LEFT JOIN account_directory d ON d.id = o.account_id",
    fields={
        **fields_of(OrderExposure, "o", without=("stream_key", "facts")),
        **filed_fields("o.account_id"),
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "currency": Field("o.currency", "currency"),
    },
    default_sort="order_id",
    key="order_id",
)
DECISIONS = ListSpec(
    source="credit_decision c LEFT JOIN account_directory d ON d.id = c.account_id",
    fields={
        **fields_of(CreditDecision, "c", sortable=("decided_at",), without=("fact_event_id",)),
        **filed_fields("c.account_id"),
    },
    default_sort="decided_at",
)
