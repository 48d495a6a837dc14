"""Lists of scores and of runs."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from kit.jobs.tables import JobState
from services.risk.redirects.lists import filed_fields
from services.risk.scorecards.models import CreditScore, ScoringRun

OWNER = "coalesce(d.owner_id, p.owner_id)"
"""Who owns the account or the partner."""
SCORES = ListSpec(
    source="credit_score s LEFT JOIN account_directory d ON d.id = s.account_id "
    "LEFT JOIN partner_directory p ON p.id = s.partner_id",
    fields={
        **fields_of(CreditScore, "s", sortable=("scored_at",), without=("account_id", "figures")),
        **filed_fields("s.account_id", nullable=True),
        "owner_id": Field(OWNER, "uuid", nullable=True),
    },
    default_sort="-scored_at",
)
RUNS = ListSpec(
    source="scoring_run r JOIN job j ON j.id = r.id",
    fields={
        **fields_of(ScoringRun, "r", sortable=("as_of", "created_at"), without=("updated_at", "version")),
        "state": Field("j.state", enum=tuple(JobState)),
        "progress": Field("j.progress_done", "int", filterable=False),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
    },
    default_sort="-created_at",
)
