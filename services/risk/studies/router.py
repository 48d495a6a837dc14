"""Studies: simulated years of losses, and what they say about targets."""

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
from services.risk.studies import service
from services.risk.studies.lists import OWNER, STUDIES
from services.risk.studies.models import Study
from services.risk.studies.rules import MOVES
from services.risk.studies.schemas import (
    AdjustmentsQuery,
    LossCurveRead,
    StudyCreate,
    StudyRead,
    StudyResultsRead,
    StudyUpdate,
    TargetAdjustmentRead,
)

router = routes.router("studies")

PATH = "/v1/studies"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Drafter = Annotated[Context, Depends(Allow("studies:run"))]
Runner = Annotated[Context, Depends(Allow("studies:run", reads=service.PROJECTIONS))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, study: Study, made_at: str | None = None) -> Response:
    return await item_answer(work, STUDIES, study.id, service.NOUN, made_at=made_at)


@router.post(PATH, response_model=StudyRead, status_code=201)
async def create_study(body: StudyCreate, work: Drafter) -> Response:
    """Draft a study of up to 200 scenarios."""
    study = await service.draft_study(work, body)
    return await _shown(work, study, f"{PATH}/{study.id}")


@router.get(PATH, response_model=page_of(StudyRead), openapi_extra=documented(STUDIES))
async def list_studies(work: Reader) -> Response:
    """Studies, drafts and those that ran."""
    return await list_answer(work, STUDIES, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{study_id}", response_model=StudyRead)
async def get_study(study_id: UUID, work: Reader) -> Response:
    """One study, and how far it has come."""
    return await item_answer(work, STUDIES, study_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch(PATH + "/{study_id}", response_model=StudyRead)
async def update_study(study_id: UUID, body: StudyUpdate, version: IfMatch, work: Drafter) -> Response:
    """Change a draft; what has run never changes, but may be copied."""
    return await _shown(work, await service.change_draft(work, study_id, version, body))


@router.post(PATH + "/{study_id}/run", response_model=StudyRead, openapi_extra=_MOVE["run"])
async def run_study(study_id: UUID, work: Runner) -> Response:
    """Compute a study in the background, with scenarios and exposures as they are now."""
    return await _shown(work, await service.run_study(work, study_id))


@router.post(PATH + "/{study_id}/cancel", response_model=StudyRead, openapi_extra=_MOVE["cancel"])
async def cancel_study(study_id: UUID, work: Drafter) -> Response:
    """Stop a study that runs."""
    return await _shown(work, await service.cancel_study(work, study_id))


@router.post(PATH + "/{study_id}/copy", response_model=StudyRead, status_code=201)
async def copy_study(study_id: UUID, work: Drafter) -> Response:
    """Draft a study like another one, under the same seed; the copy is no reference."""
    study = await service.copy_study(work, study_id)
    return await _shown(work, study, f"{PATH}/{study.id}")


@router.get(PATH + "/{study_id}/results", response_model=StudyResultsRead)
async def get_study_results(study_id: UUID, work: Reader) -> Response:
    """What a completed study has shown: expected loss, value at risk, expected shortfall, and whose they are."""
    return json_answer(await service.read_results(work, study_id))


@router.get(PATH + "/{study_id}/loss-curve", response_model=LossCurveRead)
async def get_loss_curve(study_id: UUID, work: Reader) -> Response:
    """The chances of losing more than an amount, of a completed study."""
    return json_answer(await service.read_curve(work, study_id))


@router.get("/v1/target-adjustments", response_model=TargetAdjustmentRead)
async def get_target_adjustment(query: Annotated[AdjustmentsQuery, Query()], work: Reader) -> Response:
    """What the risks linked to a target may cost, by the last completed reference study."""
    return json_answer(await service.read_adjustment(work, query.target_id))
