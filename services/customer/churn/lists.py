"""List of fits."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from kit.jobs.tables import JobState
from services.customer.churn.models import ChurnFit

CHURN_FITS = ListSpec(
    source="churn_fit f JOIN job j ON j.id = f.id",
    fields={
        **fields_of(
            ChurnFit,
            "f",
            sortable=("as_of", "created_at"),
            without=("updated_at", "version", "r", "alpha", "a", "b", "log_likelihood"),
        ),
        "state": Field("j.state", enum=tuple(JobState)),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
    },
    default_sort="-created_at",
)
