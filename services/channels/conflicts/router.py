"""Conflicts between partners: found with evidence, escalated, decided."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.conflicts import moves, service
from services.channels.conflicts.lists import CONFLICTS
from services.channels.conflicts.opening import NOUN
from services.channels.conflicts.rules import MOVES
from services.channels.conflicts.schemas import (
    ConflictAgree,
    ConflictArbitrate,
    ConflictAssess,
    ConflictClose,
    ConflictDismiss,
    ConflictEvidenceAnswer,
    ConflictEvidenceRead,
    ConflictPrecedentRead,
    ConflictPrecedentsAnswer,
    ConflictPropose,
    ConflictRead,
    ConflictStatementAdd,
    ConflictStatementRead,
    ConflictStatementsAnswer,
)

router = routes.router("conflicts")
PATH = "/v1/conflicts"
ONE = PATH + "/{conflict_id}"

Reader = Annotated[Context, Depends(Allow("conflicts:read"))]
Writer = Annotated[Context, Depends(Allow("conflicts:write"))]
Decider = Annotated[Context, Depends(Allow("conflicts:write", reads=("account_redirect",)))]
Arbitrator = Annotated[Context, Depends(Allow("conflicts:arbitrate", reads=("account_redirect",)))]
_ASSESS, _STATE, _PROPOSE, _AGREE, _ARBITRATE, _CLOSE, _DISMISS = (shown_move(NOUN, MOVES, action) for action in MOVES)


@router.get(PATH, response_model=page_of(ConflictRead), openapi_extra=documented(CONFLICTS))
async def list_conflicts(work: Reader) -> Response:
    """Conflicts that are the caller's to see, the latest first.

    They are found in orders as they are confirmed and in opportunities as they open. One lives of the same kind,
    parties and account (or region of a territory); further evidence joins it.
    """
    own, args = await owned_rows(work.tx, work.visible, "c.owner_id")
    return await list_answer(work, CONFLICTS, own, args)


@router.get(ONE, response_model=ConflictRead)
async def get_conflict(conflict_id: UUID, work: Reader) -> Response:
    """One conflict."""
    return row_answer(ConflictRead, await service.require_conflict(work, conflict_id))


@router.get(ONE + "/evidence", response_model=ConflictEvidenceAnswer)
async def read_conflict_evidence(conflict_id: UUID, work: Reader) -> Response:
    """What shows a conflict: orders and opportunities, with what they were found by as it was then."""
    found = await service.read_evidence(work, conflict_id)
    items = [ConflictEvidenceRead.model_validate(one) for one in found]
    return json_answer(ConflictEvidenceAnswer(conflict_id=conflict_id, items=items))


@router.get(ONE + "/statements", response_model=ConflictStatementsAnswer)
async def read_conflict_statements(conflict_id: UUID, work: Reader) -> Response:
    """What the parties of a conflict have stated."""
    found = await service.read_statements(work, conflict_id)
    items = [ConflictStatementRead.model_validate(one) for one in found]
    return json_answer(ConflictStatementsAnswer(conflict_id=conflict_id, items=items))


@router.get(ONE + "/precedents", response_model=ConflictPrecedentsAnswer)
async def read_conflict_precedents(conflict_id: UUID, work: Reader) -> Response:
    """Closed conflicts of the same kind that the caller may see, by points: a product line in common 3, the region 2
    (its country 1), the levels of its partners 2, the
    severity 1, a value within half to double 1; of as many points the newer first."""
    items = [
        ConflictPrecedentRead(
            conflict_id=one.conflict.id,
            number=one.conflict.number,
            points=one.points,
            outcome=one.conflict.outcome,
            severity=one.conflict.severity,
            value_base=one.conflict.value_base,
            resolved_at=one.conflict.resolved_at,
        )
        for one in await service.read_precedents(work, conflict_id)
    ]
    return json_answer(ConflictPrecedentsAnswer(conflict_id=conflict_id, items=items))


@router.post(ONE + "/assess", response_model=ConflictRead, openapi_extra=_ASSESS)
async def assess_conflict(conflict_id: UUID, body: ConflictAssess, work: Writer) -> Response:
    """Say how grave a conflict is; due three working days after it was opened."""
    return row_answer(ConflictRead, await moves.assess_conflict(work, conflict_id, body))


@router.post(ONE + "/state", response_model=ConflictRead, openapi_extra=_STATE)
async def state_conflict(conflict_id: UUID, body: ConflictStatementAdd, work: Writer) -> Response:
    """Add what a party states; the first statement begins the mediation, which takes five working days."""
    return row_answer(ConflictRead, await moves.add_statement(work, conflict_id, body))


@router.post(ONE + "/propose", response_model=ConflictRead, openapi_extra=_PROPOSE)
async def propose_conflict(conflict_id: UUID, body: ConflictPropose, work: Decider) -> Response:
    """Propose an outcome; another one takes its place, and what the parties said of the last is void.

    A `split` holds from a later day on (422 `validity-invalid`); its member and its partner shares each sum to
    1,000,000 (422 `shares-invalid`), and it meets no other one of the account (409 `split-overlap`). Its orders are
    credited and count for rebates by these shares. The parties have five working days to agree.
    """
    return row_answer(ConflictRead, await moves.propose_outcome(work, conflict_id, body))


@router.post(ONE + "/agree", response_model=ConflictRead, openapi_extra=_AGREE)
async def agree_conflict(conflict_id: UUID, body: ConflictAgree, work: Decider) -> Response:
    """Record that a partner accepts what is proposed, or refuses it. Until all have accepted it stays `proposed`."""
    return row_answer(ConflictRead, await moves.agree_conflict(work, conflict_id, body))


@router.post(ONE + "/arbitrate", response_model=ConflictRead, openapi_extra=_ARBITRATE)
async def arbitrate_conflict(conflict_id: UUID, body: ConflictArbitrate, work: Arbitrator) -> Response:
    """Decide a conflict on which somebody else has proposed (409 `same-person`), once a party has refused or five
    working days have passed (409 `arbitration-too-early`)."""
    return row_answer(ConflictRead, await moves.arbitrate_conflict(work, conflict_id, body))


@router.post(ONE + "/close", response_model=ConflictRead, openapi_extra=_CLOSE)
async def close_conflict(conflict_id: UUID, body: ConflictClose, work: Writer) -> Response:
    """Close what was decided: it becomes a precedent, and evidence of days that it does not cover opens another."""
    return row_answer(ConflictRead, await moves.close_conflict(work, conflict_id, body))


@router.post(ONE + "/dismiss", response_model=ConflictRead, openapi_extra=_DISMISS)
async def dismiss_conflict(conflict_id: UUID, body: ConflictDismiss, work: Writer) -> Response:
    """Say that there is no conflict; what comes later may open another."""
    return row_answer(ConflictRead, await moves.dismiss_conflict(work, conflict_id, body))
