"""HTTP of the territories."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.territories import service
from services.targets.territories.lists import TERRITORIES
from services.targets.territories.schemas import (
    CoverageQuery,
    ResolveQuery,
    TerritoryCoverage,
    TerritoryCreate,
    TerritoryEnd,
    TerritoryRead,
    TerritoryResolution,
    TerritoryUpdate,
)

router = routes.router("territories")

PATH = "/v1/territories"
ONE = PATH + "/{territory_id}"
_READS = ("account_directory", "account_redirect")
Reader = Annotated[Context, Depends(Allow("territories:read"))]
Asker = Annotated[Context, Depends(Allow("territories:read", reads=_READS))]
Writer = Annotated[Context, Depends(Allow("territories:write"))]


@router.post(PATH, response_model=TerritoryRead, status_code=201)
async def create_territory(body: TerritoryCreate, work: Writer) -> Response:
    """Let a member or a unit answer for accounts, by name, by region and by industry."""
    return row_answer(TerritoryRead, await service.add_territory(work, body), PATH)


@router.get(PATH, response_model=page_of(TerritoryRead), openapi_extra=documented(TERRITORIES))
async def list_territories(work: Reader) -> Response:
    """Territories; `on` gives those of a day, `below_unit_id` those of a unit and of all below it, `region`, `industry`
    and `account_id` those that name it."""
    return await list_answer(work, TERRITORIES)


@router.get(f"{PATH}/resolve", response_model=TerritoryResolution)
async def resolve_territory(query: Annotated[ResolveQuery, Query()], work: Asker) -> Response:
    """Who answers for an account on a day, and why: by name before region and industry, before region, before
    industry; then the earlier `valid_from`, then the code. A merged account is the one that it was merged into, and is
    named where either is."""
    return json_answer(await service.resolve(work, query))


@router.get(f"{PATH}/coverage", response_model=TerritoryCoverage)
async def read_territory_coverage(query: Annotated[CoverageQuery, Query()], work: Asker) -> Response:
    """Territories of a day that overlap, accounts that none holds, and territories whose member is not there."""
    return json_answer(await service.read_coverage(work, query))


@router.get(ONE, response_model=TerritoryRead)
async def get_territory(territory_id: UUID, work: Reader) -> Response:
    """One territory."""
    return row_answer(TerritoryRead, await service.require_territory(work, territory_id))


@router.patch(ONE, response_model=TerritoryRead)
async def update_territory(territory_id: UUID, body: TerritoryUpdate, version: IfMatch, work: Writer) -> Response:
    """Change what a territory holds, whose it is, or when; for all of its days."""
    return row_answer(TerritoryRead, await service.update_territory(work, territory_id, version, body))


@router.post(f"{ONE}/end", response_model=TerritoryRead)
async def end_territory(territory_id: UUID, body: TerritoryEnd, work: Writer) -> Response:
    """Let a territory end with a day."""
    return row_answer(TerritoryRead, await service.end_territory(work, territory_id, body))
