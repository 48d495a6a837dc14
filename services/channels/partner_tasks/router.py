"""Tasks of partners: what is to be done before and after they sell."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.partner_tasks import service
from services.channels.partner_tasks.lists import PARTNER_TASKS
from services.channels.partner_tasks.rules import MOVES
from services.channels.partner_tasks.schemas import PartnerTaskCreate, PartnerTaskRead, PartnerTaskUpdate

router = routes.router("partner-tasks")
PATH = "/v1/partner-tasks"
ONE = PATH + "/{partner_task_id}"

Reader = Annotated[Context, Depends(Allow("partner-tasks:read"))]
Writer = Annotated[Context, Depends(Allow("partner-tasks:write"))]
_COMPLETE, _REOPEN = (shown_move(service.NOUN, MOVES, action) for action in ("complete", "reopen"))


@router.post(PATH, response_model=PartnerTaskRead, status_code=201)
async def create_partner_task(body: PartnerTaskCreate, work: Writer) -> Response:
    """Enter a task; while a mandatory one is open the partner is not activated (409 `tasks-open`)."""
    return row_answer(PartnerTaskRead, await service.create_task(work, body), PATH)


@router.get(PATH, response_model=page_of(PartnerTaskRead), openapi_extra=documented(PARTNER_TASKS))
async def list_partner_tasks(work: Reader) -> Response:
    """Tasks of partners, the latest first."""
    return await list_answer(work, PARTNER_TASKS)


@router.get(ONE, response_model=PartnerTaskRead)
async def get_partner_task(partner_task_id: UUID, work: Reader) -> Response:
    """One task of a partner."""
    return row_answer(PartnerTaskRead, await service.require_task(work, partner_task_id))


@router.patch(ONE, response_model=PartnerTaskRead)
async def update_partner_task(
    partner_task_id: UUID, body: PartnerTaskUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change a task; whether it is done is its state's affair."""
    return row_answer(PartnerTaskRead, await service.update_task(work, partner_task_id, version, body))


@router.post(f"{ONE}/complete", response_model=PartnerTaskRead, openapi_extra=_COMPLETE)
async def complete_partner_task(partner_task_id: UUID, work: Writer) -> Response:
    """It is done."""
    return row_answer(PartnerTaskRead, await service.move_task(work, partner_task_id, "complete"))


@router.post(f"{ONE}/reopen", response_model=PartnerTaskRead, openapi_extra=_REOPEN)
async def reopen_partner_task(partner_task_id: UUID, work: Writer) -> Response:
    """It is to be done after all."""
    return row_answer(PartnerTaskRead, await service.move_task(work, partner_task_id, "reopen"))
