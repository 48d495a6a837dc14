"""Incidents: what happened, recorded, analysed and closed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.incidents import service
from services.risk.incidents.lists import INCIDENTS, OF_INCIDENT, OWNER, VERSIONS
from services.risk.incidents.models import Incident
from services.risk.incidents.rules import MOVES
from services.risk.incidents.schemas import (
    IncidentBatch,
    IncidentCreate,
    IncidentRead,
    IncidentRow,
    IncidentUpdate,
    IncidentVersionRead,
)

router = routes.router("incidents")

PATH = "/v1/incidents"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, incident: Incident, made_at: str | None = None) -> Response:
    return await item_answer(work, INCIDENTS, incident.id, service.NOUN, made_at=made_at)


@router.post(PATH, response_model=IncidentRead, status_code=201)
async def create_incident(body: IncidentCreate, work: Writer) -> Response:
    """Record an incident; amounts are in base currency, and no more comes back than was lost."""
    incident = await service.record_incident(work, body)
    return await _shown(work, incident, f"{PATH}/{incident.id}")


@router.post(PATH + "/batch", response_model=BatchAnswer)
async def upsert_incidents(body: IncidentBatch, work: Writer) -> Response:
    """Record or correct up to 5,000 incidents by their external ids; rows have the fields of a new incident."""
    good, results = parse_rows(IncidentRow, body)
    await service.upsert_incidents(work, good, results)
    return json_answer(results.answer())


@router.get(PATH, response_model=page_of(IncidentRead), openapi_extra=documented(INCIDENTS))
async def list_incidents(work: Reader) -> Response:
    """Incidents as they stand."""
    return await list_answer(work, INCIDENTS, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{incident_id}", response_model=IncidentRead)
async def get_incident(incident_id: UUID, work: Reader) -> Response:
    """One incident."""
    return await item_answer(work, INCIDENTS, incident_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.get(
    PATH + "/{incident_id}/versions", response_model=page_of(IncidentVersionRead), openapi_extra=documented(VERSIONS)
)
async def list_incident_versions(incident_id: UUID, work: Reader) -> Response:
    """Everything that was ever recorded of an incident, oldest first."""
    await service.require_incident(work, incident_id)
    return await list_answer(work, VERSIONS, OF_INCIDENT, [incident_id])


@router.patch(PATH + "/{incident_id}", response_model=IncidentRead)
async def update_incident(incident_id: UUID, body: IncidentUpdate, version: IfMatch, work: Writer) -> Response:
    """Correct an incident, also one that is closed: what it said before stays readable as a version."""
    return await _shown(work, await service.correct_incident(work, incident_id, version, body))


@router.post(PATH + "/{incident_id}/analyse", response_model=IncidentRead, openapi_extra=_MOVE["analyse"])
async def analyse_incident(incident_id: UUID, work: Writer) -> Response:
    """Note that the cause of an incident is understood."""
    return await _shown(work, await service.move_incident(work, incident_id, "analyse"))


@router.post(PATH + "/{incident_id}/close", response_model=IncidentRead, openapi_extra=_MOVE["close"])
async def close_incident(incident_id: UUID, work: Writer) -> Response:
    """Close an incident of which nothing more is expected."""
    return await _shown(work, await service.move_incident(work, incident_id, "close"))
