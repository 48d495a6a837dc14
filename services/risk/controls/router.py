"""Controls of risks: planned, active, tested; and the bow-tie of a risk."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.risk.controls import service
from services.risk.controls.lists import CONTROLS
from services.risk.controls.rules import MOVES
from services.risk.controls.schemas import BowTieRead, ControlCreate, ControlRead, ControlTest, ControlUpdate
from services.risk.risks.lists import OWNER

router = routes.router("controls")

Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


@router.post("/v1/controls", response_model=ControlRead, status_code=201)
async def create_control(body: ControlCreate, work: Writer) -> Response:
    """Plan a control against a cause or a consequence of a risk."""
    return row_answer(ControlRead, await service.add_control(work, body), "/v1/controls")


@router.get("/v1/controls", response_model=page_of(ControlRead), openapi_extra=documented(CONTROLS))
async def list_controls(work: Reader) -> Response:
    """Controls of risks."""
    return await list_answer(work, CONTROLS, work.visible.sees(OWNER), work.visible.args)


@router.get("/v1/controls/{control_id}", response_model=ControlRead)
async def get_control(control_id: UUID, work: Reader) -> Response:
    """One control."""
    return await item_answer(work, CONTROLS, control_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch("/v1/controls/{control_id}", response_model=ControlRead)
async def update_control(control_id: UUID, body: ControlUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a control; its risk and its kind stay."""
    return row_answer(ControlRead, await service.change_control(work, control_id, version, body))


@router.post("/v1/controls/{control_id}/activate", response_model=ControlRead, openapi_extra=_MOVE["activate"])
async def activate_control(control_id: UUID, work: Writer) -> Response:
    """Note that a control is in place; it counts once a test has shown what it does."""
    return row_answer(ControlRead, await service.move_control(work, control_id, "activate"))


@router.post("/v1/controls/{control_id}/test", response_model=ControlRead, openapi_extra=_MOVE["test"])
async def test_control(control_id: UUID, body: ControlTest, work: Writer) -> Response:
    """Note what a test has shown: until the next is due the control counts by it, at most by what is claimed."""
    return row_answer(ControlRead, await service.test_control(work, control_id, body))


@router.post("/v1/controls/{control_id}/retire", response_model=ControlRead, openapi_extra=_MOVE["retire"])
async def retire_control(control_id: UUID, work: Writer) -> Response:
    """Give a control up."""
    return row_answer(ControlRead, await service.move_control(work, control_id, "retire"))


@router.get("/v1/risks/{risk_id}/bow-tie", response_model=BowTieRead)
async def get_bow_tie(risk_id: UUID, work: Reader) -> Response:
    """Causes and consequences of a risk, what stands against them, and what that leaves."""
    return json_answer(await service.bow_tie(work, risk_id))
