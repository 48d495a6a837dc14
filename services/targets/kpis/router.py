"""KPIs: their versions and values, and the catalogue of measures."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.problems import MEDIA_TYPE
from kit.web.responses import json_answer, row_answer
from services.targets.kpis import service
from services.targets.kpis.lists import KPI_VERSIONS, KPIS, OF_KPI
from services.targets.kpis.measures import MEASURES
from services.targets.kpis.schemas import (
    KpiBenchmarkSet,
    KpiCreate,
    KpiMeasureRead,
    KpiMeasuresRead,
    KpiPublish,
    KpiRead,
    KpiUpdate,
    KpiValuesQuery,
    KpiValuesRead,
    KpiVersionRead,
)
from services.targets.kpis.values import read_values

router = routes.router("kpis")

PATH = "/v1/kpis"
ONE = f"{PATH}/{{kpi_id}}"
Reader = Annotated[Context, Depends(Allow("kpis:read"))]
Writer = Annotated[Context, Depends(Allow("kpis:write"))]

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "The KPI, its version, a unit or a member is unknown or not visible", "content": _PROBLEM},
    409: {"description": "The KPI has no version yet", "content": _PROBLEM},
    422: {"description": "A filter names something that nobody knows, or the KPI has no such dimension"}
    | {"content": _PROBLEM},
}


@router.get("/v1/measures", response_model=KpiMeasuresRead)
async def read_measures(_work: Reader) -> Response:
    """What KPIs can be made of: what each measure counts, and by what it can be narrowed and broken down."""
    items = [
        KpiMeasureRead(
            measure=one.measure,
            actual=one.actual,
            amount=one.amount,
            dimensions=sorted(one.dimensions),
            is_cost=one.is_cost,
        )
        for one in MEASURES.values()
    ]
    return json_answer(KpiMeasuresRead(items=items))


@router.post(PATH, response_model=KpiRead, status_code=201)
async def create_kpi(body: KpiCreate, work: Writer) -> Response:
    """Make a KPI; 409 names the id of the one that has the code."""
    return row_answer(KpiRead, await service.add_kpi(work, body), PATH)


@router.get(PATH, response_model=page_of(KpiRead), openapi_extra=documented(KPIS))
async def list_kpis(work: Reader) -> Response:
    """KPIs; those of the core are there from the beginning."""
    return await list_answer(work, KPIS)


@router.get(ONE, response_model=KpiRead)
async def get_kpi(kpi_id: UUID, work: Reader) -> Response:
    """One KPI."""
    return row_answer(KpiRead, await service.require_kpi(work, kpi_id))


@router.patch(ONE, response_model=KpiRead)
async def update_kpi(kpi_id: UUID, body: KpiUpdate, version: IfMatch, work: Writer) -> Response:
    """Rename a KPI or describe it anew; what it counts changes by a new version only."""
    return row_answer(KpiRead, await service.update_kpi(work, kpi_id, version, body))


@router.post(f"{ONE}/publish", response_model=KpiVersionRead, status_code=201)
async def publish_kpi(kpi_id: UUID, body: KpiPublish, work: Writer) -> Response:
    """Publish the next version of a KPI: what is divided by what. It never changes, and values name it."""
    version = await service.publish_version(work, kpi_id, body)
    return json_answer(KpiVersionRead.model_validate(version), 201, location=f"{PATH}/{kpi_id}/versions")


@router.get(f"{ONE}/versions", response_model=page_of(KpiVersionRead), openapi_extra=documented(KPI_VERSIONS))
async def list_kpi_versions(kpi_id: UUID, work: Reader) -> Response:
    """Versions of a KPI, the newest first."""
    await service.require_kpi(work, kpi_id)
    return await list_answer(work, KPI_VERSIONS, OF_KPI, [kpi_id])


@router.put(f"{ONE}/benchmark", response_model=KpiRead)
async def set_kpi_benchmark(kpi_id: UUID, body: KpiBenchmarkSet, version: IfMatch, work: Writer) -> Response:
    """Say what a KPI is measured against from a day on; of those that have begun the newest holds."""
    return row_answer(KpiRead, await service.set_benchmark(work, kpi_id, version, body))


@router.get(f"{ONE}/values", response_model=KpiValuesRead, responses=_REFUSED)
async def read_kpi_values(kpi_id: UUID, query: Annotated[KpiValuesQuery, Query()], work: Reader) -> Response:
    """Values of a KPI with both of their sums, in any scope and period, by any of its dimensions: the whole and each
    group are counted anew, never averaged. Where there is nothing to divide by there is `insufficient_data`."""
    return json_answer(await read_values(work, kpi_id, query))
