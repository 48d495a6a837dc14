"""Activities: calls, visits and tasks with accounts and leads, planned and completed."""

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
from services.customer.activities import batches, service
from services.customer.activities.lists import OF_LEADS, activities_on
from services.customer.activities.models import Activity, as_of
from services.customer.activities.rules import MOVES
from services.customer.activities.schemas import (
    ActivityBatch,
    ActivityComplete,
    ActivityCreate,
    ActivityPage,
    ActivityRead,
    ActivityRow,
    ActivityUpdate,
)

router = routes.router("activities")
Reader = Annotated[Context, Depends(Allow("activities:read"))]
Writer = Annotated[Context, Depends(Allow("activities:write"))]
_COMPLETE, _CANCEL = (shown_move("activity", MOVES, action) for action in ("complete", "cancel"))


async def _answer(work: Work, activity: Activity, made_under: str | None = None) -> Response:
    more = await filed(work, activity.account_id)
    return row_answer(ActivityRead, as_of(work.today, activity), made_under, more)


@router.post("/v1/activities", response_model=ActivityRead, status_code=201)
async def create_activity(body: ActivityCreate, work: Writer) -> Response:
    """Plan an activity, with an account and one of its contacts, with a lead, or without."""
    return await _answer(work, await service.create_activity(work, body), "/v1/activities")


@router.post("/v1/activities/batch", response_model=BatchAnswer)
async def upsert_activities(body: ActivityBatch, work: Writer) -> Response:
    """Plan, change or complete up to 5,000 activities by external id."""
    rows, results = parse_rows(ActivityRow, body)
    await batches.upsert_activities(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/activities", response_model=ActivityPage, openapi_extra=documented(activities_on(date.min)))
async def list_activities(work: Reader) -> Response:
    """Activities that are the caller's to see, by their own owner or that of their account or lead."""
    seen = await rows_seen(work, "t", ("t.owner_id",), [OF_LEADS])
    return await list_answer(work, activities_on(work.today), *seen)


@router.get("/v1/activities/{activity_id}", response_model=ActivityRead)
async def get_activity(activity_id: UUID, work: Reader) -> Response:
    """One activity."""
    return await _answer(work, await service.get_activity(work, activity_id))


@router.patch("/v1/activities/{activity_id}", response_model=ActivityRead)
async def update_activity(activity_id: UUID, body: ActivityUpdate, version: IfMatch, work: Writer) -> Response:
    """Change what is planned; what is completed takes notes alone (409 `activity-state`)."""
    return await _answer(work, await service.update_activity(work, activity_id, version, body))


@router.post("/v1/activities/{activity_id}/complete", response_model=ActivityRead, openapi_extra=_COMPLETE)
async def complete_activity(activity_id: UUID, body: ActivityComplete, work: Writer) -> Response:
    """Say how it ended; `next_step` plans a task that follows, or neither is done."""
    return await _answer(work, await service.complete_activity(work, activity_id, body))


@router.post("/v1/activities/{activity_id}/cancel", response_model=ActivityRead, openapi_extra=_CANCEL)
async def cancel_activity(activity_id: UUID, work: Writer) -> Response:
    """Say that it will not be done."""
    return await _answer(work, await service.cancel_activity(work, activity_id))
