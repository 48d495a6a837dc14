"""List of warnings."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec
from services.customer.accounts.enums import LifecycleStage

CHURN_WARNINGS = ListSpec(
    source="account_lifecycle l JOIN account a ON a.id = l.id",
    fields={
        "account_id": Field("l.id", "uuid"),
        "owner_id": Field("a.owner_id", "uuid", nullable=True),
        "stage": Field("l.stage", enum=tuple(LifecycleStage)),
        "last_order_date": Field("l.last_order_date", "date", nullable=True),
        "warned_on": Field("l.warned_on", "date", sortable=True),
        "score": Field("l.score", "int", sortable=True),
        "judgement": Field("l.judgement", "json"),
        "factor": Field("''", match="jsonb_path_query_array(l.judgement, '$.factors[*].factor') ?| {}"),
    },
    key="account_id",
    default_sort="-score",
)
