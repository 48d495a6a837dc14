"""List of pipelines."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.customer.pipelines.models import Pipeline

PIPELINES = ListSpec(
    source="pipeline p",
    fields=fields_of(Pipeline, "p", sortable=("created_at",), without=("updated_at",)),
    default_sort="-created_at",
)
