"""Units: the tree of the sales organisation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.units import service
from services.targets.units.lists import UNITS
from services.targets.units.schemas import UnitCreate, UnitRead, UnitUpdate

router = routes.router("units")

Reader = Annotated[Context, Depends(Allow("units:read"))]
Writer = Annotated[Context, Depends(Allow("units:write"))]


@router.post("/v1/units", response_model=UnitRead, status_code=201)
async def create_unit(data: UnitCreate, work: Writer) -> Response:
    """Make a unit of the sales organisation; 409 names the id of the unit that has the code."""
    return row_answer(UnitRead, await service.add_unit(work, data), "/v1/units")


@router.get("/v1/units", response_model=page_of(UnitRead), openapi_extra=documented(UNITS))
async def list_units(work: Reader) -> Response:
    """Units of the sales organisation; `below` gives a unit and all units under it, `on` those that are there on a
    day."""
    return await list_answer(work, UNITS)


@router.get("/v1/units/{unit_id}", response_model=UnitRead)
async def get_unit(unit_id: UUID, work: Reader) -> Response:
    """One unit."""
    return row_answer(UnitRead, await service.require_unit(work, unit_id))


@router.patch("/v1/units/{unit_id}", response_model=UnitRead)
async def update_unit(unit_id: UUID, data: UnitUpdate, version: IfMatch, work: Writer) -> Response:
    """Rename a unit or change its kind."""
    return row_answer(UnitRead, await service.update_unit(work, unit_id, version, data))
