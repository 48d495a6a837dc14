"""Lists of simulations and of their results."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import Field, ListSpec, fields_of
from services.channels.partners.models import Partner
from services.channels.simulations.enums import RebateSimulationState
from services.channels.simulations.models import RebateSimulation, RebateSimulationResult

_GIVEN_UP = "s.state = 'calculating' AND j.state IN ('failed', 'cancelled')"
SIMULATIONS = ListSpec(
    source="rebate_simulation s LEFT JOIN job j ON j.id = s.id",
    fields={
        **fields_of(RebateSimulation, "s", sortable=("created_at",)),
        "state": Field(f"CASE WHEN {_GIVEN_UP} THEN j.state ELSE s.state END", enum=tuple(RebateSimulationState)),
        "failure": Field(f"CASE WHEN {_GIVEN_UP} THEN j.error END", nullable=True, filterable=False),
        "partner_id": Field("s.partner_ids", "uuid", match="s.partner_ids && {}"),
    },
    default_sort="-created_at",
)
RESULTS = ListSpec(
    source="rebate_simulation_result r LEFT JOIN partner p ON p.id = r.partner_id",
    fields={
        **fields_of(RebateSimulationResult, "r", sortable=("amount",)),
        "partner_code": replace(fields_of(Partner, "p")["code"], nullable=True),
    },
    default_sort="-amount",
)
