"""Credit scores: the scorecard, its runs, and the grade of each account with its reasons."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.responses import Response

from kit.versions import read_if_match
from kit.web import routes
from kit.web.context import Allow, Context, IfMatchLine
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.profiles import service as profiles
from services.risk.profiles.lists import PROFILES
from services.risk.profiles.schemas import CreditProfileRead
from services.risk.profiles.service import NOUN as PROFILE
from services.risk.scorecards import decisions, service
from services.risk.scorecards.lists import OWNER, RUNS, SCORES
from services.risk.scorecards.schemas import CreditGradeSet, CreditScoreRead, ScoringRunCreate, ScoringRunRead

router = routes.router("credit-scores")

READS = ("receivable", "account_redirect")
Reader = Annotated[Context, Depends(Allow("credit:read"))]
Writer = Annotated[Context, Depends(Allow("credit:write", reads=READS))]
Approver = Annotated[Context, Depends(Allow("risk:approve", reads=READS))]
AsRead = Annotated[
    list[IfMatchLine] | None, Header(alias="If-Match", description="ETags, one of which must be the present one")
]
SCORES_PATH, RUNS_PATH, PROFILES_PATH = "/v1/credit-scores", "/v1/scoring-runs", "/v1/credit-profiles/{account_id}"


@router.get(SCORES_PATH, response_model=page_of(CreditScoreRead), openapi_extra=documented(SCORES))
async def list_credit_scores(work: Reader) -> Response:
    """Scores with the points of every factor, the latest first."""
    return await list_answer(work, SCORES, work.visible.sees(OWNER), work.visible.args)


@router.get(SCORES_PATH + "/{score_id}", response_model=CreditScoreRead)
async def get_credit_score(score_id: UUID, work: Reader) -> Response:
    """One score."""
    return await item_answer(work, SCORES, score_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.post(PROFILES_PATH + "/rescore", response_model=CreditScoreRead, status_code=201)
async def rescore_account(account_id: UUID, work: Writer) -> Response:
    """Score an account now, with all that lead to it, or a partner by the orders that name it, and grade it: its terms
    apply at once."""
    found = await service.rescore(work, account_id)
    return await item_answer(work, SCORES, found, service.NOUN, made_at=f"{SCORES_PATH}/{found}")


@router.post(PROFILES_PATH + "/set-grade", response_model=CreditProfileRead)
async def set_credit_grade(account_id: UUID, body: CreditGradeSet, work: Writer) -> Response:
    """Set a grade through a day: no better one holds at once, a better one when somebody else has approved it."""
    await decisions.set_grade(work, account_id, body)
    return await item_answer(work, PROFILES, account_id, PROFILE, *profiles.shown(work))


@router.post(PROFILES_PATH + "/approve-grade", response_model=CreditProfileRead)
async def approve_credit_grade(account_id: UUID, work: Approver, read: AsRead = None) -> Response:
    """Let the better grade hold that somebody else proposed (403 `same-person`); `If-Match` makes sure that it is the
    one you read."""
    await decisions.approve_grade(work, account_id, read_if_match(read) if read else None)
    return await item_answer(work, PROFILES, account_id, PROFILE, *profiles.shown(work))


@router.post(RUNS_PATH, response_model=ScoringRunRead, status_code=202)
async def start_scoring_run(body: ScoringRunCreate, work: Writer) -> Response:
    """Score all accounts and partners: a job, which has the id of the run. One of today grades them as a night does."""
    found = await service.start_run(work, body.as_of)
    answer = await item_answer(work, RUNS, found, service.RUN_NOUN, made_at=f"{RUNS_PATH}/{found}")
    answer.status_code = 202
    return answer


@router.get(RUNS_PATH, response_model=page_of(ScoringRunRead), openapi_extra=documented(RUNS))
async def list_scoring_runs(work: Reader) -> Response:
    """Runs, those of every night among them, the latest first."""
    return await list_answer(work, RUNS)


@router.get(RUNS_PATH + "/{scoring_run_id}", response_model=ScoringRunRead)
async def get_scoring_run(scoring_run_id: UUID, work: Reader) -> Response:
    """A run and the state of its job."""
    return await item_answer(work, RUNS, scoring_run_id, service.RUN_NOUN)
