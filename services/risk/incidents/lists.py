"""Lists of incidents and of their versions."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.incidents.models import Incident, IncidentVersion
from services.risk.risks.enums import RiskClass

OWNER = "i.owner_id"
INCIDENTS = ListSpec(
    source="incident i",
    fields={
        **fields_of(
            Incident,
            "i",
            sortable=("external_id", "occurred_on", "created_at"),
            unfiltered=("cause", "lessons"),
            without=("risk_class",),
        ),
        "class": Field("i.risk_class", enum=tuple(RiskClass)),
    },
    search=("i.external_id",),
    default_sort="created_at",
)
OF_INCIDENT = "v.incident_id = $1"
VERSIONS = ListSpec(
    source="incident_version v",
    fields={
        **fields_of(IncidentVersion, "v", unfiltered=("cause", "lessons"), without=("risk_class",)),
        "class": Field("v.risk_class", enum=tuple(RiskClass)),
    },
    key="version",
    default_sort="version",
)
