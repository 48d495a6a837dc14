"""Risks: the register, with causes and consequences."""

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
from services.risk.risks import batches, service
from services.risk.risks.lists import OWNER, RISKS
from services.risk.risks.models import Risk
from services.risk.risks.rules import MOVES
from services.risk.risks.schemas import RiskBatch, RiskCreate, RiskMove, RiskRead, RiskRow, RiskUpdate

router = routes.router("risks")

Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, risk: Risk, made_at: str | None = None) -> Response:
    return await item_answer(work, RISKS, risk.id, service.NOUN, made_at=made_at)


@router.post("/v1/risks", response_model=RiskRead, status_code=201)
async def create_risk(body: RiskCreate, work: Writer) -> Response:
    """Enter a risk; its causes and consequences are the two sides of its bow-tie."""
    risk = await service.create_risk(work, body)
    return await _shown(work, risk, f"/v1/risks/{risk.id}")


@router.post("/v1/risks/batch", response_model=BatchAnswer)
async def upsert_risks(body: RiskBatch, work: Writer) -> Response:
    """Enter or change up to 5,000 risks by their external ids; rows have the fields of a new risk."""
    good, results = parse_rows(RiskRow, body)
    await batches.upsert_risks(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/risks", response_model=page_of(RiskRead), openapi_extra=documented(RISKS))
async def list_risks(work: Reader) -> Response:
    """Risks; `link_id` finds those about something."""
    return await list_answer(work, RISKS, work.visible.sees(OWNER), work.visible.args)


@router.get("/v1/risks/{risk_id}", response_model=RiskRead)
async def get_risk(risk_id: UUID, work: Reader) -> Response:
    """One risk."""
    return await item_answer(work, RISKS, risk_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch("/v1/risks/{risk_id}", response_model=RiskRead)
async def update_risk(risk_id: UUID, body: RiskUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a risk; its code stays. On the day after `review_on` it waits for another assessment."""
    return await _shown(work, await service.update_risk(work, risk_id, version, body))


@router.post("/v1/risks/{risk_id}/monitor", response_model=RiskRead, openapi_extra=_MOVE["monitor"])
async def monitor_risk(risk_id: UUID, work: Writer) -> Response:
    """Note that a risk is only watched from now on."""
    return await _shown(work, await service.move_risk(work, risk_id, "monitor"))


@router.post("/v1/risks/{risk_id}/close", response_model=RiskRead, openapi_extra=_MOVE["close"])
async def close_risk(risk_id: UUID, body: RiskMove, work: Writer) -> Response:
    """Close a risk that is over."""
    return await _shown(work, await service.move_risk(work, risk_id, "close", body.reason))


@router.post("/v1/risks/{risk_id}/reopen", response_model=RiskRead, openapi_extra=_MOVE["reopen"])
async def reopen_risk(risk_id: UUID, body: RiskMove, work: Writer) -> Response:
    """Open a closed risk again: it waits for another assessment."""
    return await _shown(work, await service.move_risk(work, risk_id, "reopen", body.reason))
