"""Lists of grading runs and of their results."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from kit.jobs.tables import JobState
from kit.security.fields import FieldPolicy, FieldRule
from services.customer.grading.models import GradeResult, GradingRun

COSTS: FieldPolicy = {"profit_base": FieldRule("costs:read", otherwise="none")}
"""What is not for everybody in the results of a run."""
_UNLISTED = ("updated_at", "version", "before_id", "revenue_cut", "profit_cut")
GRADING_RUNS = ListSpec(
    source="grading_run r JOIN job j ON j.id = r.id",
    fields={
        **fields_of(GradingRun, "r", sortable=("as_of", "created_at"), without=_UNLISTED),
        "state": Field("j.state", enum=tuple(JobState)),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
    },
    default_sort="-created_at",
)
GRADING_RESULTS = ListSpec(
    source="grade_result s JOIN account a ON a.id = s.account_id",
    fields={
        **fields_of(GradeResult, "s", without=("run_id",)),
        "is_changed": Field("(s.former IS DISTINCT FROM s.grade)", "bool"),
        "owner_id": Field("a.owner_id", "uuid", nullable=True),
    },
    key="account_id",
    default_sort="account_id",
)
