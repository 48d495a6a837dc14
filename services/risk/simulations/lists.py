"""Lists of simulations and of whom they would move."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kit.db.lists import Field, ListSpec, fields_of
from kit.jobs.tables import JobState
from services.risk.directory.models import AccountEntry
from services.risk.redirects.lists import filed_fields
from services.risk.simulations.models import RiskPolicySimulation, RiskPolicySimulationResult

OWNER: Final = "coalesce(d.owner_id, p.owner_id, k.owner_id)"
"""Who owns the account, the partner, or the risk."""
SIMULATIONS = ListSpec(
    source="risk_policy_simulation s JOIN job j ON j.id = s.id",
    fields={
        **fields_of(RiskPolicySimulation, "s", sortable=("created_at",), without=("body", "updated_at", "version")),
        "state": Field("j.state", enum=tuple(JobState)),
        "progress": Field("j.progress_done", "int", filterable=False),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
    },
    default_sort="-created_at",
)
RESULTS = ListSpec(
    source="risk_policy_simulation_result r LEFT JOIN account_directory d ON d.id = r.account_id "
    "LEFT JOIN partner_directory p ON p.id = r.partner_id LEFT JOIN risk k ON k.id = r.risk_id",
    fields={
        **fields_of(RiskPolicySimulationResult, "r", without=("account_id",)),
        **filed_fields("r.account_id", nullable=True),
        "part": Field("r.parts", match="r.parts && {}"),
        "account_name": replace(fields_of(AccountEntry, "d")["name"], nullable=True, filterable=False),
        "partner_name": Field("p.name", nullable=True, filterable=False),
        "risk_code": Field("k.code", nullable=True, filterable=False),
        "owner_id": Field(OWNER, "uuid", nullable=True),
    },
    default_sort="id",
)
