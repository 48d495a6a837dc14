"""Contracts: drafted, reviewed by a checklist, approved, signed, renewed, ended."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from kit.web.schema import BusinessDate
from services.risk.contracts import service
from services.risk.contracts.lists import CONTRACTS, HAS_AN_END, ON_A_DAY, OWNER, RENEWALS
from services.risk.contracts.models import Contract
from services.risk.contracts.rules import MOVES
from services.risk.contracts.schemas import (
    ContractCreate,
    ContractNotice,
    ContractRead,
    ContractReject,
    ContractReview,
    ContractScoreRead,
    ContractSign,
    ContractTerminate,
    ContractUpdate,
    RenewalRead,
)

router = routes.router("contracts")

Reader = Annotated[Context, Depends(Allow("contracts:read"))]
Drafter = Annotated[Context, Depends(Allow("contracts:draft"))]
Writer = Annotated[Context, Depends(Allow("contracts:write"))]
Approver = Annotated[Context, Depends(Allow("contracts:approve"))]
AsOf = Annotated[BusinessDate | None, Query(description="business day, today by default")]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, contract: Contract, made_at: str | None = None) -> Response:
    return await item_answer(work, CONTRACTS, contract.id, service.NOUN, ON_A_DAY, (work.today,), made_at=made_at)


@router.post("/v1/contracts", response_model=ContractRead, status_code=201)
async def draft_contract(body: ContractCreate, work: Drafter) -> Response:
    """Draft a contract with an account or a partner; one in another currency needs its exchange rate of today (422
    `currency-not-supported`)."""
    contract = await service.draft_contract(work, body)
    return await _shown(work, contract, f"/v1/contracts/{contract.id}")


@router.get("/v1/contracts", response_model=page_of(ContractRead), openapi_extra=documented(CONTRACTS))
async def list_contracts(work: Reader, as_of: AsOf = None) -> Response:
    """Contracts, with the terms that hold on a day."""
    where = f"{ON_A_DAY} AND {work.visible.sees(OWNER, 2)}"
    return await list_answer(work, CONTRACTS, where, (as_of or work.today, *work.visible.args), extra=("as_of",))


@router.get("/v1/contracts/{contract_id}", response_model=ContractRead)
async def get_contract(contract_id: UUID, work: Reader, as_of: AsOf = None) -> Response:
    """One contract, with the terms that hold on a day."""
    where = f"{ON_A_DAY} AND {work.visible.sees(OWNER, 2)}"
    return await item_answer(
        work, CONTRACTS, contract_id, service.NOUN, where, (as_of or work.today, *work.visible.args)
    )


@router.patch("/v1/contracts/{contract_id}", response_model=ContractRead, openapi_extra=_MOVE["change"])
async def change_contract(contract_id: UUID, body: ContractUpdate, version: IfMatch, work: Drafter) -> Response:
    """Change the terms of a draft."""
    return await _shown(work, await service.change_draft(work, contract_id, version, body))


@router.post("/v1/contracts/{contract_id}/submit", response_model=ContractRead, openapi_extra=_MOVE["submit"])
async def submit_contract(contract_id: UUID, work: Drafter) -> Response:
    """Hand a draft to review: it gets the checklist of its type; answers given to the same document stay."""
    return await _shown(work, await service.submit_contract(work, contract_id))


@router.post("/v1/contracts/{contract_id}/review", response_model=ContractRead, openapi_extra=_MOVE["review"])
async def review_contract(contract_id: UUID, body: ContractReview, work: Writer) -> Response:
    """Answer clauses of the checklist."""
    return await _shown(work, await service.review_clauses(work, contract_id, body))


@router.post("/v1/contracts/{contract_id}/reject", response_model=ContractRead, openapi_extra=_MOVE["reject"])
async def reject_contract(contract_id: UUID, body: ContractReject, work: Writer) -> Response:
    """Send a contract that is reviewed back to its draft; one that was approved stays so."""
    return await _shown(work, await service.reject_contract(work, contract_id, body.reason))


@router.post("/v1/contracts/{contract_id}/approve", response_model=ContractRead, openapi_extra=_MOVE["approve"])
async def approve_contract(contract_id: UUID, work: Approver) -> Response:
    """Approve a contract that others wrote (403 `same-person`); 409 `clause-gate` while mandatory clauses are
    wanting."""
    return await _shown(work, await service.approve_contract(work, contract_id))


@router.post("/v1/contracts/{contract_id}/sign", response_model=ContractRead, openapi_extra=_MOVE["sign"])
async def sign_contract(contract_id: UUID, body: ContractSign, work: Writer) -> Response:
    """Note that a contract was signed; it is in force from its first day on.

    409 `clause-gate` for another document than the one that was reviewed.
    """
    return await _shown(work, await service.sign_contract(work, contract_id, body))


@router.post("/v1/contracts/{contract_id}/give-notice", response_model=ContractRead)
async def give_notice(contract_id: UUID, body: ContractNotice, work: Writer) -> Response:
    """Note that notice was given: a contract that is signed or in force ends with its term."""
    return await _shown(work, await service.give_notice(work, contract_id, body))


@router.post("/v1/contracts/{contract_id}/terminate", response_model=ContractRead, openapi_extra=_MOVE["terminate"])
async def terminate_contract(contract_id: UUID, body: ContractTerminate, work: Writer) -> Response:
    """End a contract before its time."""
    return await _shown(work, await service.terminate_contract(work, contract_id, body))


@router.get("/v1/contracts/{contract_id}/risk-score", response_model=ContractScoreRead)
async def get_contract_score(contract_id: UUID, work: Reader) -> Response:
    """How risky a contract is today, from 0 to 100: by the grade of its account, optional clauses that failed,
    obligations that were late, what is disputed of it, and its share of the value of all contracts in force."""
    return json_answer(await service.read_score(work, contract_id))


@router.get("/v1/renewals", response_model=page_of(RenewalRead), openapi_extra=documented(RENEWALS))
async def list_renewals(work: Reader) -> Response:
    """Contracts whose end comes, by the last day of notice."""
    return await list_answer(work, RENEWALS, f"{HAS_AN_END} AND {work.visible.sees(OWNER)}", work.visible.args)
