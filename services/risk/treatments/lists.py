"""Lists of treatments and of their simulations; `r` is the risk, whose owner decides who sees them."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.treatments.models import Treatment, TreatmentSimulation

_LAST = """treatment t JOIN risk r ON r.id = t.risk_id LEFT JOIN LATERAL (
    SELECT m.id, m.results FROM treatment_simulation m
    WHERE m.treatment_id = t.id AND m.state = 'completed' AND m.effect = t.effect AND m.cost_once = t.cost_once
      AND m.cost_yearly = t.cost_yearly AND m.lifetime_years = t.lifetime_years
    ORDER BY m.created_at DESC, m.id DESC LIMIT 1
) s ON TRUE"""
TREATMENTS = ListSpec(
    source=_LAST,
    fields={
        **fields_of(
            Treatment,
            "t",
            sortable=("created_at", "started_on", "completed_on"),
            unfiltered=("response",),  # generated clients have a local of this name in the same function
            without=("authors", "due_at"),
        ),
        "simulation_id": Field("s.id", "uuid", filterable=False),
        "expected_before": Field("(s.results->'before'->>'expected_loss')::bigint", "int", filterable=False),
        "expected_after": Field("(s.results->'after'->>'expected_loss')::bigint", "int", filterable=False),
        "roi": Field("s.results->'roi'", "json", filterable=False),
    },
    default_sort="created_at",
)
OF_TREATMENT = "s.treatment_id = $1"
SIMULATIONS = ListSpec(
    source="treatment_simulation s LEFT JOIN job j ON j.id = s.job_id",
    fields={
        **fields_of(TreatmentSimulation, "s", sortable=("created_at",), without=("inputs", "job_id", "due_at")),
        "progress": Field(
            "CASE WHEN s.state = 'running' AND j.progress_total > 0 THEN j.progress_done * 1000000 / j.progress_total "
            "WHEN s.state = 'completed' THEN 1000000 ELSE 0 END",
            "int",
            filterable=False,
        ),
    },
    default_sort="created_at",
)
