"""List of policies."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.customer.policies.models import CustomerPolicy

POLICIES = ListSpec(
    source="customer_policy p",
    fields=fields_of(CustomerPolicy, "p", sortable=("created_at",), without=("activation",)),
    default_sort="created_at",
)
