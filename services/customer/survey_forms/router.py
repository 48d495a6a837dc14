"""Forms over HTTP, for whoever has the token of an invitation: no bearer token is asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.problems import MEDIA_TYPE
from kit.web.responses import json_answer
from services.customer.organisation.service import PROJECTIONS
from services.customer.survey_forms import service
from services.customer.survey_forms.schemas import FormToken, SurveyFormAnswer, SurveyFormAnswered, SurveyFormRead

router = routes.router("surveys")
Visitor = Annotated[Context, Depends(Allow(None, public=True))]
# an answer may open a case, whose clocks need the calendar
Answering = Annotated[Context, Depends(Allow(None, reads=PROJECTIONS, public=True))]

_GONE: dict[int | str, dict[str, Any]] = {
    410: {
        "description": "The invitation has expired",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def _unkept(body: SurveyFormRead | SurveyFormAnswered) -> Response:
    response = json_answer(body)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/v1/survey-forms/{token}", response_model=SurveyFormRead, responses=_GONE)
async def get_survey_form(token: FormToken, work: Visitor) -> Response:
    """The form of an invitation. Whoever opens its link, or has it opened by a scanner of mails, changes nothing."""
    return _unkept(await service.read_form(work, token))


@router.post("/v1/survey-forms/{token}/answer", response_model=SurveyFormAnswered, responses=_GONE)
async def submit_survey_form(token: FormToken, body: SurveyFormAnswer, work: Answering) -> Response:
    """Answer a form; once."""
    return _unkept(await service.answer_form(work, token, body))
