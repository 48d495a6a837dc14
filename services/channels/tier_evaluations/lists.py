"""Lists of evaluations and of their results."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.tier_evaluations.models import TierEvaluation, TierResult

TIER_EVALUATIONS = ListSpec(
    source="tier_evaluation e",
    fields=fields_of(TierEvaluation, "e", sortable=("period_to", "created_at")),
    default_sort="-created_at",
)
TIER_RESULTS = ListSpec(
    source="tier_result r",
    fields=fields_of(
        TierResult,
        "r",
        sortable=("revenue",),
        unfiltered=("appeal_reason", "decision_note"),
        without=("old_version",),
    ),
    default_sort="-revenue",
)
