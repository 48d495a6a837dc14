"""Opportunities: what may be sold, through the stages of a pipeline."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer, row_answer
from kit.work import Work
from services.customer.accounts.filing import filed, rows_seen
from services.customer.opportunities import batches, service
from services.customer.opportunities.lists import STEPS, opportunities_on
from services.customer.opportunities.models import Opportunity, as_of
from services.customer.opportunities.rules import MOVES
from services.customer.opportunities.schemas import (
    OpportunityBatch,
    OpportunityCreate,
    OpportunityLose,
    OpportunityMove,
    OpportunityPage,
    OpportunityRead,
    OpportunityReopen,
    OpportunityRow,
    OpportunityUpdate,
    OpportunityWin,
    StepPage,
)

router = routes.router("opportunities")
Reader = Annotated[Context, Depends(Allow("opportunities:read"))]
Writer = Annotated[Context, Depends(Allow("opportunities:write"))]
_MOVE, _WIN, _LOSE, _REOPEN = (shown_move("opportunity", MOVES, action) for action in MOVES)


async def _answer(work: Work, opportunity: Opportunity, made_under: str | None = None) -> Response:
    more = await filed(work, opportunity.account_id)
    return row_answer(OpportunityRead, as_of(work.today, opportunity), made_under, more)


@router.post("/v1/opportunities", response_model=OpportunityRead, status_code=201)
async def create_opportunity(body: OpportunityCreate, work: Writer) -> Response:
    """Open an opportunity of an account, in the first stage of a pipeline or in the one named."""
    return await _answer(work, await service.create_opportunity(work, body), "/v1/opportunities")


@router.post("/v1/opportunities/batch", response_model=BatchAnswer)
async def upsert_opportunities(body: OpportunityBatch, work: Writer) -> Response:
    """Open, change or move up to 5,000 opportunities by external id."""
    rows, results = parse_rows(OpportunityRow, body)
    await batches.upsert_opportunities(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/opportunities", response_model=OpportunityPage, openapi_extra=documented(opportunities_on(date.min)))
async def list_opportunities(work: Reader) -> Response:
    """Opportunities that are the caller's to see, by their own owner or their account's."""
    return await list_answer(work, opportunities_on(work.today), *await rows_seen(work, "o", ("o.owner_id",)))


@router.get("/v1/opportunities/{opportunity_id}", response_model=OpportunityRead)
async def get_opportunity(opportunity_id: UUID, work: Reader) -> Response:
    """One opportunity."""
    return await _answer(work, await service.get_opportunity(work, opportunity_id))


@router.get("/v1/opportunities/{opportunity_id}/history", response_model=StepPage, openapi_extra=documented(STEPS))
async def list_steps(opportunity_id: UUID, work: Reader) -> Response:
    """Steps of an opportunity, the first one first."""
    await service.get_opportunity(work, opportunity_id)
    return await list_answer(work, STEPS, "s.opportunity_id = $1", [opportunity_id])


@router.patch("/v1/opportunities/{opportunity_id}", response_model=OpportunityRead)
async def update_opportunity(opportunity_id: UUID, body: OpportunityUpdate, version: IfMatch, work: Writer) -> Response:
    """Change fields of an opportunity; what is won or lost keeps its probability (409 `opportunity-state`)."""
    return await _answer(work, await service.update_opportunity(work, opportunity_id, version, body))


@router.post("/v1/opportunities/{opportunity_id}/move", response_model=OpportunityRead, openapi_extra=_MOVE)
async def move_opportunity(opportunity_id: UUID, body: OpportunityMove, work: Writer) -> Response:
    """Bring it into another stage of its pipeline, whose probability and forecast category it takes."""
    return await _answer(work, await service.move_opportunity(work, opportunity_id, body))


@router.post("/v1/opportunities/{opportunity_id}/win", response_model=OpportunityRead, openapi_extra=_WIN)
async def win_opportunity(opportunity_id: UUID, body: OpportunityWin, work: Writer) -> Response:
    """Say that it was won, and which order of the account it became."""
    return await _answer(work, await service.win_opportunity(work, opportunity_id, body))


@router.post("/v1/opportunities/{opportunity_id}/lose", response_model=OpportunityRead, openapi_extra=_LOSE)
async def lose_opportunity(opportunity_id: UUID, body: OpportunityLose, work: Writer) -> Response:
    """Say that it was lost, why and to whom."""
    return await _answer(work, await service.lose_opportunity(work, opportunity_id, body))


@router.post("/v1/opportunities/{opportunity_id}/reopen", response_model=OpportunityRead, openapi_extra=_REOPEN)
async def reopen_opportunity(opportunity_id: UUID, body: OpportunityReopen, work: Writer) -> Response:
    """Go on with it in a stage: `closed_at` and what closed it are empty again, the history stays."""
    return await _answer(work, await service.reopen_opportunity(work, opportunity_id, body))
