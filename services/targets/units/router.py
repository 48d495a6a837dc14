"""HTTP of the units."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.units import service
from services.targets.units.repository import UNITS
from services.targets.units.schemas import UnitCreate, UnitRead, UnitUpdate

router = routes.router("units")

Reader = Annotated[Context, Depends(Allow("units:read"))]
Writer = Annotated[Context, Depends(Allow("units:write"))]


@router.post("/v1/units", response_model=UnitRead, status_code=201)
async def create_unit(data: UnitCreate, context: Writer) -> Response:
    """Make a unit of the sales organisation; 409 names the id of the unit that has the code."""
    unit = dict(await service.add_unit(context.tx, context.actor, data, context.runtime.secret))
    return json_answer(unit, 201, version=1, location=f"/v1/units/{unit['id']}")


@router.get("/v1/units", response_model=page_of(UnitRead), openapi_extra=documented(UNITS))
async def list_units(context: Reader) -> Response:
    """Units of the sales organisation; `below` gives a unit and all units under it."""
    return await list_answer(context, UNITS)


@router.get("/v1/units/{unit_id}", response_model=UnitRead)
async def get_unit(unit_id: UUID, context: Reader) -> Response:
    """One unit."""
    unit = await service.require_unit(context.tx, unit_id)
    return json_answer(dict(unit), version=unit["version"])


@router.patch("/v1/units/{unit_id}", response_model=UnitRead)
async def update_unit(unit_id: UUID, data: UnitUpdate, version: IfMatch, context: Writer) -> Response:
    """Rename a unit or change its kind."""
    unit = await service.update_unit(context.tx, context.actor, unit_id, version, data, context.runtime.secret)
    return json_answer(dict(unit), version=unit["version"])
