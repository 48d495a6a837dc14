"""List of risks."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.risks.enums import RiskClass
from services.risk.risks.models import Risk

OWNER = "r.owner_id"
"""Who owns a risk `r`, and so what belongs to it."""
RISKS = ListSpec(
    source="risk r",
    fields={
        **fields_of(Risk, "r", sortable=("code", "title", "review_on", "created_at"), without=("risk_class", "due_at")),
        "class": Field("r.risk_class", enum=tuple(RiskClass)),
        "link_id": Field(
            "r.id", "text", match="EXISTS (SELECT FROM jsonb_array_elements(r.links) l WHERE l->>'id' = ANY({}))"
        ),
    },
    search=("r.code", "r.title"),
    search_key=search_of(Risk, "r"),
    default_sort="created_at",
)
