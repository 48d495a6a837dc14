"""Amendments: changes of a signed contract, approved and signed as it was."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.risk.amendments import service
from services.risk.amendments.lists import AMENDMENTS, OF_A_CONTRACT
from services.risk.amendments.rules import MOVES
from services.risk.amendments.schemas import AmendmentCreate, AmendmentRead, AmendmentSign
from services.risk.contracts.service import require_contract

router = routes.router("amendments")

Reader = Annotated[Context, Depends(Allow("contracts:read"))]
Drafter = Annotated[Context, Depends(Allow("contracts:draft"))]
Writer = Annotated[Context, Depends(Allow("contracts:write"))]
Approver = Annotated[Context, Depends(Allow("contracts:approve"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


@router.post("/v1/contracts/{contract_id}/amendments", response_model=AmendmentRead, status_code=201)
async def draft_amendment(contract_id: UUID, body: AmendmentCreate, work: Drafter) -> Response:
    """Draft other terms of a contract that is signed or in force; 409 `amendment-open` while another one is open."""
    return row_answer(AmendmentRead, await service.draft_amendment(work, contract_id, body), "/v1/amendments")


@router.get(
    "/v1/contracts/{contract_id}/amendments",
    response_model=page_of(AmendmentRead),
    openapi_extra=documented(AMENDMENTS),
)
async def list_amendments(contract_id: UUID, work: Reader) -> Response:
    """Amendments of a contract."""
    await require_contract(work, contract_id)
    return await list_answer(work, AMENDMENTS, OF_A_CONTRACT, (contract_id,))


@router.get("/v1/amendments/{amendment_id}", response_model=AmendmentRead)
async def get_amendment(amendment_id: UUID, work: Reader) -> Response:
    """One amendment."""
    return row_answer(AmendmentRead, await service.require_amendment(work, amendment_id))


@router.post("/v1/amendments/{amendment_id}/approve", response_model=AmendmentRead, openapi_extra=_MOVE["approve"])
async def approve_amendment(amendment_id: UUID, work: Approver) -> Response:
    """Approve an amendment that somebody else drafted (403 `same-person`)."""
    return row_answer(AmendmentRead, await service.approve_amendment(work, amendment_id))


@router.post("/v1/amendments/{amendment_id}/sign", response_model=AmendmentRead, openapi_extra=_MOVE["sign"])
async def sign_amendment(amendment_id: UUID, body: AmendmentSign, work: Writer) -> Response:
    """Note that an amendment was signed: the next version of the contract holds from its day on."""
    return row_answer(AmendmentRead, await service.sign_amendment(work, amendment_id, body))


@router.post("/v1/amendments/{amendment_id}/withdraw", response_model=AmendmentRead, openapi_extra=_MOVE["withdraw"])
async def withdraw_amendment(amendment_id: UUID, work: Writer) -> Response:
    """Drop an open amendment."""
    return row_answer(AmendmentRead, await service.withdraw_amendment(work, amendment_id))
