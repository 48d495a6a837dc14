"""Obligations: what a contract asks of either side, when it is due, met or late."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.obligations import service
from services.risk.obligations.judging import NOUN, PROJECTIONS
from services.risk.obligations.lists import OBLIGATIONS, OWNER
from services.risk.obligations.rules import MOVES
from services.risk.obligations.schemas import (
    ObligationCreate,
    ObligationMeet,
    ObligationRead,
    ObligationUpdate,
    ObligationWaive,
)

router = routes.router("obligations")

Reader = Annotated[Context, Depends(Allow("contracts:read", reads=PROJECTIONS))]
Drafter = Annotated[Context, Depends(Allow("contracts:draft", reads=PROJECTIONS))]
Writer = Annotated[Context, Depends(Allow("contracts:write", reads=PROJECTIONS))]
Approver = Annotated[Context, Depends(Allow("contracts:approve", reads=PROJECTIONS))]
_MOVE = {action: shown_move(NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, obligation_id: UUID, made_at: str | None = None) -> Response:
    scope = work.visible
    return await item_answer(work, OBLIGATIONS, obligation_id, NOUN, scope.sees(OWNER), scope.args, made_at=made_at)


@router.post("/v1/obligations", response_model=ObligationRead, status_code=201)
async def create_obligation(body: ObligationCreate, work: Drafter) -> Response:
    """Write an obligation of a contract that is a draft; a rest day moves to the next working day."""
    made = await service.add_obligation(work, body)
    return await _shown(work, made.id, f"/v1/obligations/{made.id}")


@router.get("/v1/obligations", response_model=page_of(ObligationRead), openapi_extra=documented(OBLIGATIONS))
async def list_obligations(work: Reader) -> Response:
    """What contracts oblige to, by due day."""
    return await list_answer(work, OBLIGATIONS, work.visible.sees(OWNER), work.visible.args)


@router.get("/v1/obligations/{obligation_id}", response_model=ObligationRead)
async def get_obligation(obligation_id: UUID, work: Reader) -> Response:
    """One obligation."""
    return await _shown(work, obligation_id)


@router.patch("/v1/obligations/{obligation_id}", response_model=ObligationRead)
async def change_obligation(obligation_id: UUID, body: ObligationUpdate, version: IfMatch, work: Drafter) -> Response:
    """Change an obligation while its contract is a draft (409 `contract-not-draft`)."""
    return await _shown(work, (await service.change_obligation(work, obligation_id, version, body)).id)


@router.post("/v1/obligations/{obligation_id}/meet", response_model=ObligationRead, openapi_extra=_MOVE["meet"])
async def meet_obligation(obligation_id: UUID, body: ObligationMeet, work: Writer) -> Response:
    """Note that an obligation was met; 409 `met-by-facts` for those that orders and payments meet."""
    return await _shown(work, (await service.meet_obligation(work, obligation_id, body)).id)


@router.post("/v1/obligations/{obligation_id}/waive", response_model=ObligationRead, openapi_extra=_MOVE["waive"])
async def waive_obligation(obligation_id: UUID, body: ObligationWaive, work: Approver) -> Response:
    """Let an obligation go that somebody else wrote (403 `same-person`)."""
    return await _shown(work, (await service.waive_obligation(work, obligation_id, body)).id)
