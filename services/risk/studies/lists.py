"""List of studies."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.studies.models import Study

OWNER = "t.owner_id"
_USED_OTHERWISE = """(t.state = 'completed' AND EXISTS (
    SELECT FROM study_scenario u JOIN scenario c ON c.id = u.scenario_id
    WHERE u.study_id = t.id
      AND (c.frequency <> u.frequency OR c.severity <> u.severity OR c.state = 'archived')
))"""
_DONE = """CASE WHEN t.state = 'running' AND j.progress_total > 0
    THEN j.progress_done * 1000000 / j.progress_total WHEN t.state = 'completed' THEN 1000000 ELSE 0 END"""
STUDIES = ListSpec(
    source="study t LEFT JOIN job j ON j.id = t.job_id",
    fields={
        **fields_of(
            Study,
            "t",
            sortable=("name", "created_at", "finished_at", "expected_loss"),
            without=("due_at", "job_id"),
        ),
        "is_stale": Field(_USED_OTHERWISE, "bool"),
        "progress": Field(_DONE, "int", filterable=False),
        "scenario_id": Field("t.id", "uuid", match="t.scenario_ids && {}", output=False),
    },
    search=("t.name",),
    search_key=search_of(Study, "t"),
    default_sort="created_at",
)
