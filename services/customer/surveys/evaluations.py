"""What the answers of a survey come to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import BadQuery, FieldError
from kit.work import Work
from services.customer.surveys import repository
from services.customer.surveys.enums import SurveyKind
from services.customer.surveys.repository import ScoreCount
from services.customer.surveys.rules import (
    FORMULA_VERSION,
    LEAST_ANSWERS,
    LEAST_PROMOTER,
    LEAST_SATISFIED,
    MOST_DETRACTOR,
    ces,
    csat,
    nps,
)
from services.customer.surveys.schemas import (
    CesRead,
    CsatRead,
    NpsRead,
    SurveyLackRead,
    SurveyResultsQuery,
    SurveyResultsRead,
    SurveyScoreRead,
)
from services.customer.surveys.service import get_survey


async def read_results(work: Work, survey_id: UUID, query: SurveyResultsQuery) -> SurveyResultsRead:
    """The figure of a survey, of answers of contacts that the caller sees; raises NotFound, BadQuery for days that
    end before they start."""
    if query.first is not None and query.last is not None and query.last < query.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    survey = await get_survey(work, survey_id)
    found = await repository.scores_of(work.tx, work.visible, survey_id, query.first, query.last, latest=query.latest)
    size, is_custom = sum(one.answers for one in found), survey.kind is SurveyKind.CUSTOM
    is_enough = is_custom or size >= LEAST_ANSWERS
    return SurveyResultsRead(
        survey_id=survey.id,
        kind=survey.kind,
        as_of=work.today,
        formula_version=FORMULA_VERSION,
        sample_size=size,
        insufficient_data=None if is_enough else SurveyLackRead(reason="answers", have=size, need=LEAST_ANSWERS),
        nps=_nps(found) if survey.kind is SurveyKind.NPS else None,
        csat=_csat(found, size) if survey.kind is SurveyKind.CSAT else None,
        ces=_ces(found, size) if survey.kind is SurveyKind.CES else None,
        scores=[SurveyScoreRead(score=one.score, answers=one.answers) for one in found if one.score is not None],
    )


def _between(found: Sequence[ScoreCount], least: int, most: int) -> int:
    return sum(one.answers for one in found if one.score is not None and least <= one.score <= most)


def _nps(found: Sequence[ScoreCount]) -> NpsRead | None:
    groups = (
        _between(found, LEAST_PROMOTER, 10),
        _between(found, MOST_DETRACTOR + 1, LEAST_PROMOTER - 1),
        _between(found, 0, MOST_DETRACTOR),
    )
    figure = nps(*groups)
    return NpsRead(**figure._asdict()) if figure else None


def _csat(found: Sequence[ScoreCount], size: int) -> CsatRead | None:
    share, low, high, _ = csat(_between(found, LEAST_SATISFIED, 5), size)
    return None if share is None or low is None or high is None else CsatRead(share=share, low=low, high=high)


def _ces(found: Sequence[ScoreCount], size: int) -> CesRead | None:
    figure = ces(sum(one.score * one.answers for one in found if one.score is not None), size)
    return CesRead(**figure._asdict()) if figure else None
