"""Levels of partners: evaluated for a period, published, and what is missing for the next."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer, row_answer
from services.channels.tier_evaluations import decisions, publication, service
from services.channels.tier_evaluations.lists import TIER_EVALUATIONS, TIER_RESULTS
from services.channels.tier_evaluations.rules import APPEALS, MOVES
from services.channels.tier_evaluations.schemas import (
    PartnerTierQuery,
    PartnerTierRead,
    TierAppealCreate,
    TierAppealDecide,
    TierEvaluationCreate,
    TierEvaluationPage,
    TierEvaluationPublish,
    TierEvaluationRead,
    TierResultPage,
    TierResultRead,
)

router = routes.router("tiers")
PATH = "/v1/tier-evaluations"
ONE = PATH + "/{tier_evaluation_id}"
RESULT = ONE + "/results/{partner_id}"

Reader = Annotated[Context, Depends(Allow("tiers:read"))]
PartnerReader = Annotated[Context, Depends(Allow("partners:read"))]
Starter = Annotated[Context, Depends(Allow("tiers:write", reads=service.PROJECTIONS))]
Writer = Annotated[Context, Depends(Allow("tiers:write"))]
Publisher = Annotated[Context, Depends(Allow("tiers:publish"))]
Decider = Annotated[Context, Depends(Allow("tiers:decide"))]
_PUBLISH, _CANCEL = (shown_move(service.NOUN, MOVES, action) for action in ("publish", "cancel"))
_APPEAL, _DECIDE = (
    shown_move(decisions.NOUN, APPEALS, "appeal"),
    shown_move(decisions.NOUN, APPEALS, "uphold", "reject"),
)


@router.post(PATH, response_model=TierEvaluationRead, status_code=202)
async def start_tier_evaluation(body: TierEvaluationCreate, work: Starter) -> Response:
    """Judge partners over a period: a job with the id of the evaluation makes a preview of who moves and why.

    One is open of a programme and period (409 `evaluation-open`); periods are judged in the order of their last days
    (409 `evaluation-out-of-order`).
    """
    made = await service.start_evaluation(work, body)
    return json_answer(TierEvaluationRead.model_validate(made), 202, location=f"{PATH}/{made.id}")


@router.get(PATH, response_model=TierEvaluationPage, openapi_extra=documented(TIER_EVALUATIONS))
async def list_tier_evaluations(work: Reader) -> Response:
    """Evaluations, the newest first."""
    return await list_answer(work, TIER_EVALUATIONS)


@router.get(ONE, response_model=TierEvaluationRead)
async def get_tier_evaluation(tier_evaluation_id: UUID, work: Reader) -> Response:
    """One evaluation."""
    return row_answer(TierEvaluationRead, await service.require_evaluation(work, tier_evaluation_id))


@router.get(ONE + "/results", response_model=TierResultPage, openapi_extra=documented(TIER_RESULTS))
async def list_tier_results(tier_evaluation_id: UUID, work: Reader) -> Response:
    """What an evaluation says of each partner, with what its figures were made of; the largest revenue first."""
    await service.require_evaluation(work, tier_evaluation_id)
    return await list_answer(work, TIER_RESULTS, "r.evaluation_id = $1", [tier_evaluation_id])


@router.get(RESULT, response_model=TierResultRead)
async def get_tier_result(tier_evaluation_id: UUID, partner_id: UUID, work: Reader) -> Response:
    """What an evaluation says of a partner."""
    return row_answer(TierResultRead, await service.require_result(work, tier_evaluation_id, partner_id))


@router.post(RESULT + "/appeal", response_model=TierResultRead, openapi_extra=_APPEAL)
async def appeal_tier_result(
    tier_evaluation_id: UUID, partner_id: UUID, body: TierAppealCreate, work: Writer
) -> Response:
    """Disagree with a result, once: of a preview, or of what was published up to ten working days ago
    (409 `appeal-too-late`)."""
    return row_answer(TierResultRead, await decisions.appeal(work, tier_evaluation_id, partner_id, body))


@router.post(RESULT + "/decide", response_model=TierResultRead, openapi_extra=_DECIDE)
async def decide_tier_result(
    tier_evaluation_id: UUID, partner_id: UUID, body: TierAppealDecide, work: Decider
) -> Response:
    """Decide an appeal of somebody else (409 `same-person`).

    A level that was published is corrected from a later day on (422 `validity-invalid`), unless a later period was
    judged meanwhile (409 `evaluation-outdated`) or is about to be (409 `evaluation-publishing`).
    """
    return row_answer(TierResultRead, await decisions.decide_appeal(work, tier_evaluation_id, partner_id, body))


@router.post(ONE + "/publish", response_model=TierEvaluationRead, status_code=202, openapi_extra=_PUBLISH)
async def publish_tier_evaluation(tier_evaluation_id: UUID, body: TierEvaluationPublish, work: Publisher) -> Response:
    """Let the levels of a preview that somebody else started (409 `same-person`) count from a later day
    (422 `validity-invalid`): a job, after which all of them are there at once.

    Refused (409) are one with an undecided appeal (`appeals-open`), one since which levels have changed
    (`evaluation-outdated`), one of a period that is not the latest (`evaluation-out-of-order`), and one while another
    of the programme is being published (`evaluation-publishing`).
    """
    made = await publication.publish_evaluation(work, tier_evaluation_id, body)
    return json_answer(TierEvaluationRead.model_validate(made), 202, location=f"{PATH}/{made.id}")


@router.post(ONE + "/cancel", response_model=TierEvaluationRead, openapi_extra=_CANCEL)
async def cancel_tier_evaluation(tier_evaluation_id: UUID, work: Writer) -> Response:
    """Give an evaluation up; another one of the same period may be started then."""
    return row_answer(TierEvaluationRead, await service.cancel_evaluation(work, tier_evaluation_id))


@router.get("/v1/partners/{partner_id}/tier", response_model=PartnerTierRead)
async def get_partner_tier(
    partner_id: UUID, query: Annotated[PartnerTierQuery, Query()], work: PartnerReader
) -> Response:
    """The level of a partner today, how it came to it, and what it takes to reach the next one."""
    return json_answer(await service.read_tier(work, partner_id, query.programme_code))
