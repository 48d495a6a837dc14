"""Lists of RFM runs and of their results."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from kit.jobs.tables import JobState
from services.customer.rfm.models import RfmRun, RfmScore

RFM_RUNS = ListSpec(
    source="rfm_run r JOIN job j ON j.id = r.id",
    fields={
        **fields_of(RfmRun, "r", sortable=("as_of", "created_at"), without=("updated_at", "version")),
        "state": Field("j.state", enum=tuple(JobState)),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
    },
    default_sort="-created_at",
)
RFM_RESULTS = ListSpec(
    source="rfm_score s JOIN account a ON a.id = s.account_id",
    fields={
        **fields_of(RfmScore, "s", without=("run_id",)),
        "owner_id": Field("a.owner_id", "uuid", nullable=True),
    },
    key="account_id",
    default_sort="account_id",
)
