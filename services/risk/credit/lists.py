"""Lists of credit: exposures, ledger entries, orders, decisions."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec
from services.risk.credit.enums import CreditState, Decision, EntryKind

EXPOSURES = ListSpec(
    source="exposure_account e LEFT JOIN account_directory d ON d.id = e.account_id "
    "LEFT JOIN credit_profile p ON p.id = e.account_id",
    fields={
        "account_id": Field("e.account_id", "uuid"),
        "name": Field("d.name", nullable=True),
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "balance": Field("e.balance", "int", sortable=True),
        "use": Field("greatest(0, e.balance)", "int"),
        "credit_limit": Field("p.credit_limit", "int", nullable=True),
    },
    default_sort="account_id",
    key="account_id",
)
ENTRIES = ListSpec(
    source="exposure_entry x LEFT JOIN account_directory d ON d.id = x.account_id",
    fields={
        "id": Field("x.id", "uuid"),
        "account_id": Field("x.account_id", "uuid"),
        "order_id": Field("x.order_id", "uuid"),
        "placement": Field("x.placement", "int"),
        "kind": Field("x.kind", enum=tuple(EntryKind)),
        "amount": Field("x.amount", "int"),
        "source_event_id": Field("x.source_event_id", "uuid"),
        "source_ordinal": Field("x.source_ordinal", "int"),
        "fact_event_id": Field("x.fact_event_id", "uuid"),
        "recorded_at": Field("x.recorded_at", "datetime", sortable=True),
    },
    default_sort="recorded_at",
)
ORDERS = ListSpec(
    source="order_credit o LEFT JOIN account_directory d ON d.id = o.account_id",
    fields={
        "order_id": Field("o.order_id", "uuid"),
        "account_id": Field("o.account_id", "uuid"),
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "placement": Field("o.placement", "int"),
        "state": Field("o.state", enum=tuple(CreditState)),
        "currency": Field("o.currency", "currency"),
        "asked": Field("o.asked", "int"),
        "reserved": Field("o.reserved", "int"),
        "exposure": Field("o.exposure", "int"),
        "shortfall": Field("o.shortfall", "int"),
    },
    default_sort="order_id",
    key="order_id",
)
DECISIONS = ListSpec(
    source="credit_decision c LEFT JOIN account_directory d ON d.id = c.account_id",
    fields={
        "id": Field("c.id", "uuid"),
        "order_id": Field("c.order_id", "uuid"),
        "account_id": Field("c.account_id", "uuid"),
        "placement": Field("c.placement", "int"),
        "decision": Field("c.decision", enum=tuple(Decision)),
        "amount": Field("c.amount", "int"),
        "credit_limit": Field("c.credit_limit", "int", nullable=True),
        "exposure_before": Field("c.exposure_before", "int"),
        "shortfall": Field("c.shortfall", "int"),
        "reason": Field("c.reason", nullable=True),
        "approved_by": Field("c.approved_by", nullable=True),
        "source_event_id": Field("c.source_event_id", "uuid"),
        "decided_at": Field("c.decided_at", "datetime", sortable=True),
    },
    default_sort="decided_at",
)
