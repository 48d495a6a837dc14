"""Observations of markets: sizes, growth, shares, competitors and what was spent."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.observations import service
from services.targets.observations.lists import OBSERVATIONS, VISIBLE
from services.targets.observations.schemas import ObservationBatch, ObservationCreate, ObservationRead
from services.targets.units.service import visible_to

router = routes.router("observations")

PATH = "/v1/observations"
Reader = Annotated[Context, Depends(Allow("kpis:read"))]
Writer = Annotated[Context, Depends(Allow("market:write"))]


@router.post(PATH, response_model=ObservationRead, status_code=201)
async def create_observation(body: ObservationCreate, work: Writer) -> Response:
    """Enter what was observed. It never changes: one that was wrong is corrected by another of the same kind and scope,
    which names it."""
    row = await service.add_observation(work, body)
    return row_answer(ObservationRead, row, PATH, {"is_current": True})


@router.post(f"{PATH}/batch", response_model=BatchAnswer)
async def create_observations(body: ObservationBatch, work: Writer) -> Response:
    """Enter up to 5,000 observations; one whose external id is known and that says the same is unchanged."""
    good, results = parse_rows(ObservationCreate, body)
    await service.add_observations(work, good, results)
    return json_answer(results.answer())


@router.get(PATH, response_model=page_of(ObservationRead), openapi_extra=documented(OBSERVATIONS))
async def list_observations(work: Reader) -> Response:
    """Observations of the whole company and of visible units; `is_current=true` leaves out what was corrected."""
    visible = await visible_to(work)
    if visible.everything:
        return await list_answer(work, OBSERVATIONS)
    return await list_answer(work, OBSERVATIONS, VISIBLE, [visible.units])


@router.get(f"{PATH}/{{observation_id}}", response_model=ObservationRead)
async def get_observation(observation_id: UUID, work: Reader) -> Response:
    """One observation."""
    row, is_current = await service.require_observation(work, observation_id)
    return row_answer(ObservationRead, row, more={"is_current": is_current})
