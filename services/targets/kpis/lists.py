"""Lists of KPIs and of their versions."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.targets.kpis.models import Kpi, KpiVersion

KPIS = ListSpec(
    source="kpi k",
    fields=fields_of(Kpi, "k", sortable=("code", "name"), unfiltered=("version", "benchmarks", "description")),
    search=("k.code", "k.name"),
    search_key=search_of(Kpi, "k"),
    default_sort="code",
)
KPI_VERSIONS = ListSpec(
    source="kpi_version v",
    fields=fields_of(KpiVersion, "v", sortable=("number",), without=("kpi_id",)),
    default_sort="-number",
)
OF_KPI = "v.kpi_id = $1::uuid"
