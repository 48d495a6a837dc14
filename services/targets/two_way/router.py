"""Tables: a target split by two dimensions at once, whose rows and columns both sum."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.targets.service import require_target
from services.targets.two_way import service
from services.targets.two_way.lists import OF_TARGET, TABLES
from services.targets.two_way.schemas import TableCreate, TableItem, TableRead, TableShown

router = routes.router("tables")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
PATH = "/v1/targets/{target_id}/tables"
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": TableShown, "description": "What it would be: nothing is kept"}
}


@router.post(PATH, response_model=TableRead, status_code=201, responses=_SHOWN)
async def create_table(target_id: UUID, body: TableCreate, work: Writer) -> Response:
    """Split the children of two decompositions into cells that sum to both: cells are children of the rows, and each
    column gets a cross decomposition over the same ones. 409 `table-infeasible` names the rows, columns and constraints
    that contradict each other."""
    if body.dry_run:
        return json_answer(await service.show_table(work, target_id, body))
    return row_answer(TableRead, await service.add_table(work, target_id, body), PATH.format(target_id=target_id))


@router.get(PATH, response_model=page_of(TableItem), openapi_extra=documented(TABLES))
async def list_tables(target_id: UUID, work: Reader) -> Response:
    """The tables of a target, without their cells."""
    await require_target(work, target_id)
    return await list_answer(work, TABLES, OF_TARGET, [target_id])


@router.get(PATH + "/{table_id}", response_model=TableRead)
async def get_table(target_id: UUID, table_id: UUID, work: Reader) -> Response:
    """One table with its cells."""
    found = await service.require_table(work, target_id, table_id)
    return row_answer(TableRead, await service.shown(work, found))
