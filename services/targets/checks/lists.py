"""List of the checks of a target."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import ListSpec, fields_of
from services.targets.checks.models import TargetCheckRun

CHECK_RUNS = ListSpec(
    source="target_check c",
    fields=fields_of(TargetCheckRun, "c", sortable=("recorded_at",)),
    default_sort="-recorded_at",
)
_BARE = (
    '(SELECT jsonb_agg(f.value || \'{"evidence": [], "fix_amount": null, "lack": null}\' ORDER BY f.ordinality) '
    "FROM jsonb_array_elements(c.findings) WITH ORDINALITY f)"
)
WITHOUT_FIGURES = replace(
    CHECK_RUNS, fields={**CHECK_RUNS.fields, "findings": replace(CHECK_RUNS.fields["findings"], sql=_BARE)}
)
"""The verdicts of the checks of a margin, without what they rest on."""
OF_TARGET = "c.target_id = $1::uuid"
