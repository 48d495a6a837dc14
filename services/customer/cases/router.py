"""Cases: questions, incidents and complaints, their clocks and the way to an answer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import row_answer
from kit.work import Work
from services.customer.accounts.filing import filed, rows_seen
from services.customer.cases import moves, service
from services.customer.cases.lists import CASES
from services.customer.cases.rules import MOVES, NOUN
from services.customer.cases.schemas import (
    CaseAssess,
    CaseAssign,
    CaseClose,
    CaseCreate,
    CasePage,
    CaseRead,
    CaseReason,
    CaseRespond,
    CaseUpdate,
    ResponseApprove,
)
from services.customer.cases.service import Held
from services.customer.organisation.service import PROJECTIONS

router = routes.router("cases")
Reader = Annotated[Context, Depends(Allow("cases:read"))]
Writer = Annotated[Context, Depends(Allow("cases:write", reads=PROJECTIONS))]
Approver = Annotated[Context, Depends(Allow("cases:approve", reads=PROJECTIONS))]
_SHOWN = {action: shown_move(NOUN, MOVES, action) for action in MOVES}


async def _answer(work: Work, held: Held, made_under: str | None = None) -> Response:
    return row_answer(CaseRead, service.shown(held), made_under, await filed(work, held.case.account_id))


@router.post("/v1/cases", response_model=CaseRead, status_code=201)
async def create_case(body: CaseCreate, work: Writer) -> Response:
    """Open a case: a question, an incident, a complaint or feedback. Its clocks run from its receipt."""
    return await _answer(work, await service.create_case(work, body), "/v1/cases")


@router.get("/v1/cases", response_model=CasePage, openapi_extra=documented(CASES))
async def list_cases(work: Reader) -> Response:
    """Cases that are the caller's to see, by their owner, their second owner or their account's."""
    return await list_answer(work, CASES, *await rows_seen(work, "t", ("t.owner_id", "t.second_owner_id")))


@router.get("/v1/cases/{case_id}", response_model=CaseRead)
async def get_case(case_id: UUID, work: Reader) -> Response:
    """One case with its clocks."""
    return await _answer(work, await service.read_case(work, case_id))


@router.patch("/v1/cases/{case_id}", response_model=CaseRead)
async def update_case(case_id: UUID, body: CaseUpdate, version: IfMatch, work: Writer) -> Response:
    """Change what is open (409 `case-state` when it is closed). Another severity moves the open clocks; a worse one, a
    new answer and another second owner void the approval of the answer."""
    return await _answer(work, await service.update_case(work, case_id, version, body))


@router.post("/v1/cases/{case_id}/acknowledge", response_model=CaseRead, openapi_extra=_SHOWN["acknowledge"])
async def acknowledge_case(case_id: UUID, work: Writer) -> Response:
    """Tell the customer that it was received: the first response of a person."""
    return await _answer(work, await moves.acknowledge_case(work, case_id))


@router.post("/v1/cases/{case_id}/assess", response_model=CaseRead, openapi_extra=_SHOWN["assess"])
async def assess_case(case_id: UUID, body: CaseAssess, work: Writer) -> Response:
    """Say how grave and how complex it is."""
    return await _answer(work, await moves.assess_case(work, case_id, body))


@router.post("/v1/cases/{case_id}/investigate", response_model=CaseRead, openapi_extra=_SHOWN["investigate"])
async def investigate_case(case_id: UUID, work: Writer) -> Response:
    """Begin to look into it."""
    return await _answer(work, await moves.investigate_case(work, case_id))


@router.post("/v1/cases/{case_id}/respond", response_model=CaseRead, openapi_extra=_SHOWN["respond"])
async def respond_to_case(case_id: UUID, body: CaseRespond, work: Writer) -> Response:
    """Answer it, which stops its clocks. A complaint passes every state before; of one that is high or critical the
    second owner has approved this very text (409 `second-owner-required`)."""
    return await _answer(work, await moves.respond_to_case(work, case_id, body.response))


@router.post("/v1/cases/{case_id}/approve-response", response_model=CaseRead)
async def approve_response(case_id: UUID, body: ResponseApprove, work: Approver) -> Response:
    """Approve the answer that is written down, as the second owner, who has no part in the case (409
    `second-owner-not-impartial`). The approval is of the text whose hash is named."""
    return await _answer(work, await moves.approve_response(work, case_id, body.response_sha256))


@router.post("/v1/cases/{case_id}/close", response_model=CaseRead, openapi_extra=_SHOWN["close"])
async def close_case(case_id: UUID, body: CaseClose, work: Writer) -> Response:
    """Close what was answered, taken by the customer or not."""
    return await _answer(work, await moves.close_case(work, case_id, body))


@router.post("/v1/cases/{case_id}/reopen", response_model=CaseRead, openapi_extra=_SHOWN["reopen"])
async def reopen_case(case_id: UUID, work: Writer) -> Response:
    """Look into it again: another attempt with all its minutes; what the attempts before met or missed stays."""
    return await _answer(work, await moves.reopen_case(work, case_id))


@router.post("/v1/cases/{case_id}/escalate", response_model=CaseRead)
async def escalate_case(case_id: UUID, body: CaseReason, work: Writer) -> Response:
    """Raise an open case to the next of two levels, as a breach does: to the owner's lead, then to the next above."""
    return await _answer(work, await moves.escalate_case(work, case_id, body.reason))


@router.post("/v1/cases/{case_id}/assign", response_model=CaseRead)
async def assign_case(case_id: UUID, body: CaseAssign, work: Writer) -> Response:
    """Give an open case to another owner, and another second owner."""
    return await _answer(work, await moves.assign_case(work, case_id, body))


@router.post("/v1/cases/{case_id}/pause", response_model=CaseRead)
async def pause_case(case_id: UUID, body: CaseReason, work: Writer) -> Response:
    """Stop the clock of the resolution for a while: only working time of the pause moves it."""
    return await _answer(work, await moves.pause_case(work, case_id, body.reason))


@router.post("/v1/cases/{case_id}/resume", response_model=CaseRead)
async def resume_case(case_id: UUID, work: Writer) -> Response:
    """Let the clock run on with what it has left."""
    return await _answer(work, await moves.resume_case(work, case_id))
