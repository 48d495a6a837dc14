"""Disputes: what a customer contests of what is open, and how it ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.disputes import service
from services.risk.disputes.lists import DISPUTES, OWNER
from services.risk.disputes.models import Dispute
from services.risk.disputes.rules import MOVES
from services.risk.disputes.schemas import DisputeClose, DisputeCreate, DisputeRead, DisputeUpdate

router = routes.router("disputes")

PATH = "/v1/disputes"
ITEM = PATH + "/{dispute_id}"
Reader = Annotated[Context, Depends(Allow("contracts:read"))]
Writer = Annotated[Context, Depends(Allow("contracts:write"))]
Judge = Annotated[Context, Depends(Allow("contracts:write", reads=("receivable", "account_redirect")))]
"""Of what changes which amounts are disputed."""
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, dispute: Dispute, made_at: str | None = None) -> Response:
    return await item_answer(work, DISPUTES, dispute.id, service.NOUN, made_at=made_at)


@router.post(PATH, response_model=DisputeRead, status_code=201)
async def open_dispute(body: DisputeCreate, work: Judge) -> Response:
    """Open a dispute about a contract, or about orders: of each at most what is open and not disputed yet (409
    `open-exceeded`). What is disputed holds nobody as overdue; it stays in exposure and ageing."""
    dispute = await service.open_dispute(work, body)
    return await _shown(work, dispute, f"{PATH}/{dispute.id}")


@router.get(PATH, response_model=page_of(DisputeRead), openapi_extra=documented(DISPUTES))
async def list_disputes(work: Reader) -> Response:
    """Disputes; `limitation_on[lte]=` finds those whose time runs out, `order_id=` those of an order."""
    return await list_answer(work, DISPUTES, work.visible.sees(OWNER), work.visible.args)


@router.get(ITEM, response_model=DisputeRead)
async def get_dispute(dispute_id: UUID, work: Reader) -> Response:
    """One dispute."""
    return await item_answer(work, DISPUTES, dispute_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch(ITEM, response_model=DisputeRead)
async def change_dispute(dispute_id: UUID, body: DisputeUpdate, version: IfMatch, work: Writer) -> Response:
    """Change the words, the claim or the days of a dispute that is not closed (409 `dispute-state`)."""
    return await _shown(work, await service.change_dispute(work, dispute_id, version, body))


@router.post(ITEM + "/negotiate", response_model=DisputeRead, openapi_extra=_MOVE["negotiate"])
async def negotiate_dispute(dispute_id: UUID, work: Writer) -> Response:
    """Note that the parties negotiate."""
    return await _shown(work, await service.move_dispute(work, dispute_id, "negotiate"))


@router.post(ITEM + "/mediate", response_model=DisputeRead, openapi_extra=_MOVE["mediate"])
async def mediate_dispute(dispute_id: UUID, work: Writer) -> Response:
    """Note that somebody mediates."""
    return await _shown(work, await service.move_dispute(work, dispute_id, "mediate"))


@router.post(ITEM + "/litigate", response_model=DisputeRead, openapi_extra=_MOVE["litigate"])
async def litigate_dispute(dispute_id: UUID, work: Writer) -> Response:
    """Note that a court or a tribunal has the dispute."""
    return await _shown(work, await service.move_dispute(work, dispute_id, "litigate"))


@router.post(ITEM + "/settle", response_model=DisputeRead, openapi_extra=_MOVE["settle"])
async def settle_dispute(dispute_id: UUID, work: Writer) -> Response:
    """Note that the parties have agreed."""
    return await _shown(work, await service.move_dispute(work, dispute_id, "settle"))


@router.post(ITEM + "/judge", response_model=DisputeRead, openapi_extra=_MOVE["judge"])
async def judge_dispute(dispute_id: UUID, work: Writer) -> Response:
    """Note that it was decided by the court or the tribunal."""
    return await _shown(work, await service.move_dispute(work, dispute_id, "judge"))


@router.post(ITEM + "/close", response_model=DisputeRead, openapi_extra=_MOVE["close"])
async def close_dispute(dispute_id: UUID, body: DisputeClose, work: Judge) -> Response:
    """Close a dispute with what came of it: a loss is recorded as an incident (`incident_id`), and what was disputed
    and is still open counts as overdue again."""
    return await _shown(work, await service.close_dispute(work, dispute_id, body))
