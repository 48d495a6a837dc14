"""Reports: what stood at the end of a business period, kept for ever."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.reports import service
from services.targets.reports.enums import ReportFormat
from services.targets.reports.lists import OF_UNIT, REPORT, REPORTS
from services.targets.reports.rules import NOUN
from services.targets.reports.schemas import ReportRead, ReportSummary
from services.targets.units.service import visible_to

router = routes.router("reports")

PATH = "/v1/reports"
ONE = PATH + "/{report_id}"
Reader = Annotated[Context, Depends(Allow("reports:read"))]
_TYPES = {
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.CSV: "text/csv",
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A workbook, or CSV in UTF-8",
        "content": {
            _TYPES[ReportFormat.XLSX]: {"schema": {"type": "string", "format": "binary"}},
            _TYPES[ReportFormat.CSV]: {"schema": {"type": "string"}},
        },
    }
}
Format = Annotated[ReportFormat, Query(alias="format", description="a workbook, or its targets alone as CSV")]


@router.get(PATH, response_model=page_of(ReportSummary), openapi_extra=documented(REPORTS))
async def list_reports(work: Reader) -> Response:
    """Reports of units that the caller sees, the newest first; `below_unit_id` finds those of a unit and of all below
    it, `root_id` those that show targets of a tree."""
    return await list_answer(work, REPORTS, *(await visible_to(work)).of_units(OF_UNIT))


@router.get(ONE, response_model=ReportRead)
async def get_report(report_id: UUID, work: Reader) -> Response:
    """What stood at the end of a period; it never changes, and its SHA-256 shows that."""
    if work.actor.may("costs:read"):
        return await item_answer(work, REPORT, report_id, NOUN, *(await visible_to(work)).of_units(OF_UNIT))
    return json_answer(ReportRead.model_validate(await service.require_report(work, report_id)))


@router.get(ONE + "/download", response_class=Response, responses=_FILES)
async def get_report_file(report_id: UUID, work: Reader, kind: Format = ReportFormat.XLSX) -> Response:
    """A report as a file: a workbook of its targets with their totals, its KPIs and its dates, or the targets as CSV.
    Amounts are in units of the currency, percents and probabilities parts of 1; a text is never a formula."""
    name, content = await service.report_file(work, report_id, kind)
    media = f"{_TYPES[kind]}; charset=utf-8" if kind is ReportFormat.CSV else _TYPES[kind]
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
