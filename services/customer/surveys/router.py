"""Surveys: what is asked, who is invited, what was answered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer, row_answer
from services.customer.surveys import evaluations, service
from services.customer.surveys.lists import ANSWERS, INVITATIONS, SURVEYS
from services.customer.surveys.schemas import (
    SurveyAnswerPage,
    SurveyCreate,
    SurveyInvitationPage,
    SurveyInvite,
    SurveyInvited,
    SurveyPage,
    SurveyRead,
    SurveyResultsQuery,
    SurveyResultsRead,
    SurveyUpdate,
)

router = routes.router("surveys")
Reader = Annotated[Context, Depends(Allow("surveys:read"))]
Writer = Annotated[Context, Depends(Allow("surveys:write"))]
# what is answered names tokens: where it is kept for its Idempotency-Key it is sealed
Inviter = Annotated[Context, Depends(Allow("surveys:write", personal=True))]


@router.post("/v1/surveys", response_model=SurveyRead, status_code=201)
async def create_survey(body: SurveyCreate, work: Writer) -> Response:
    """Add a survey."""
    return row_answer(SurveyRead, await service.create_survey(work, body), "/v1/surveys")


@router.get("/v1/surveys", response_model=SurveyPage, openapi_extra=documented(SURVEYS))
async def list_surveys(work: Reader) -> Response:
    """Surveys."""
    return await list_answer(work, SURVEYS)


@router.get("/v1/surveys/{survey_id}", response_model=SurveyRead)
async def get_survey(survey_id: UUID, work: Reader) -> Response:
    """One survey."""
    return row_answer(SurveyRead, await service.get_survey(work, survey_id))


@router.patch("/v1/surveys/{survey_id}", response_model=SurveyRead)
async def update_survey(survey_id: UUID, body: SurveyUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a survey; its questions until somebody was invited."""
    return row_answer(SurveyRead, await service.update_survey(work, survey_id, version, body))


@router.post("/v1/surveys/{survey_id}/close", response_model=SurveyRead)
async def close_survey(survey_id: UUID, work: Writer) -> Response:
    """Invite nobody any more; who was invited may answer until the invitation expires."""
    return row_answer(SurveyRead, await service.close_survey(work, survey_id))


@router.post("/v1/surveys/{survey_id}/invitations", response_model=SurveyInvited)
async def create_survey_invitations(survey_id: UUID, body: SurveyInvite, work: Inviter) -> Response:
    """Invite contacts, each with the token of a form of its own; who does not allow it, cannot be reached or was
    invited to any survey within 30 days is refused."""
    return json_answer(await service.invite(work, survey_id, body))


@router.get(
    "/v1/surveys/{survey_id}/invitations", response_model=SurveyInvitationPage, openapi_extra=documented(INVITATIONS)
)
async def list_survey_invitations(survey_id: UUID, work: Reader) -> Response:
    """Invitations to a survey, of contacts that are the caller's to see."""
    await service.get_survey(work, survey_id)
    where = f"i.survey_id = $1 AND {work.visible.sees('a.owner_id', 2)}"
    return await list_answer(work, INVITATIONS, where, [survey_id, *work.visible.args])


@router.get("/v1/surveys/{survey_id}/answers", response_model=SurveyAnswerPage, openapi_extra=documented(ANSWERS))
async def list_survey_answers(survey_id: UUID, work: Reader) -> Response:
    """Answers to a survey, of contacts that are the caller's to see."""
    await service.get_survey(work, survey_id)
    where = f"n.survey_id = $1 AND {work.visible.sees('a.owner_id', 2)}"
    return await list_answer(work, ANSWERS, where, [survey_id, *work.visible.args])


@router.get("/v1/surveys/{survey_id}/results", response_model=SurveyResultsRead)
async def read_survey_results(survey_id: UUID, query: Annotated[SurveyResultsQuery, Query()], work: Reader) -> Response:
    """The figure of a survey with its interval, by business days of its answers."""
    return json_answer(await evaluations.read_results(work, survey_id, query))
