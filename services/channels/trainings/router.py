"""Trainings: what partners can learn, and for how long it counts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.trainings import service
from services.channels.trainings.lists import TRAININGS
from services.channels.trainings.schemas import (
    TrainingAttendanceSet,
    TrainingCreate,
    TrainingRead,
    TrainingUpdate,
)

router = routes.router("trainings")
PATH = "/v1/trainings"
ONE = PATH + "/{training_id}"

Reader = Annotated[Context, Depends(Allow("trainings:read"))]
Writer = Annotated[Context, Depends(Allow("trainings:write"))]


@router.post(PATH, response_model=TrainingRead, status_code=201)
async def create_training(body: TrainingCreate, work: Writer) -> Response:
    """Enter a training of partners."""
    return row_answer(TrainingRead, await service.create_training(work, body), PATH)


@router.get(PATH, response_model=page_of(TrainingRead), openapi_extra=documented(TRAININGS))
async def list_trainings(work: Reader) -> Response:
    """Trainings, the latest first; `partner_id` names a partner that was expected."""
    return await list_answer(work, TRAININGS)


@router.get(ONE, response_model=TrainingRead)
async def get_training(training_id: UUID, work: Reader) -> Response:
    """One training, and who came."""
    return row_answer(TrainingRead, await service.require_training(work, training_id))


@router.patch(ONE, response_model=TrainingRead)
async def update_training(training_id: UUID, body: TrainingUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a training; its day stays once who came is known (409 `training-held`)."""
    return row_answer(TrainingRead, await service.update_training(work, training_id, version, body))


@router.put(f"{ONE}/attendance", response_model=TrainingRead)
async def set_training_attendance(
    training_id: UUID, body: TrainingAttendanceSet, version: IfMatch, work: Writer
) -> Response:
    """Set who came and passed; who passes gets a certificate from the day of the training on, which is kept (409
    `certificate-issued`) and ends on the day that is set last.

    409 `training-ahead` before its day; 422 `attendance-invalid`, `unknown-reference`.
    """
    return row_answer(TrainingRead, await service.set_attendance(work, training_id, version, body))
