"""Holds: accounts whose orders wait until the hold is lifted."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.holds import service
from services.risk.holds.lists import HOLDS, OWNER
from services.risk.holds.rules import MOVES
from services.risk.holds.schemas import CreditHoldCreate, CreditHoldLift, CreditHoldRead

router = routes.router("credit-holds")

PATH = "/v1/credit-holds"
Reader = Annotated[Context, Depends(Allow("credit:read"))]
Officer = Annotated[Context, Depends(Allow("credit:hold", reads=("receivable",)))]
_LIFT = shown_move(service.NOUN, MOVES, "lift")


@router.post(PATH, response_model=CreditHoldRead, status_code=201)
async def place_credit_hold(body: CreditHoldCreate, work: Officer) -> Response:
    """Hold an account, or a partner, by hand: placements are refused meanwhile, deliveries go on."""
    hold_id = await service.place_hold(work, body)
    return await item_answer(work, HOLDS, hold_id, service.NOUN, made_at=f"{PATH}/{hold_id}")


@router.get(PATH, response_model=page_of(CreditHoldRead), openapi_extra=documented(HOLDS))
async def list_credit_holds(work: Reader) -> Response:
    """Holds that stand (`state=standing`), and those that were lifted."""
    return await list_answer(work, HOLDS, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{hold_id}", response_model=CreditHoldRead)
async def get_credit_hold(hold_id: UUID, work: Reader) -> Response:
    """One hold."""
    return await item_answer(work, HOLDS, hold_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.post(PATH + "/{hold_id}/lift", response_model=CreditHoldRead, openapi_extra=_LIFT)
async def lift_credit_hold(hold_id: UUID, body: CreditHoldLift, work: Officer) -> Response:
    """Lift a hold by hand: that of a rule is waived through `until`, or for as long as the policy allows."""
    await service.lift_hold(work, hold_id, body)
    return await item_answer(work, HOLDS, hold_id, service.NOUN)
