"""Operational endpoints that every service has under /admin: delivery status, parked events, jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from kit.errors import AppError, Forbidden
from kit.events import parked
from kit.events.handlers import Subscriptions
from kit.events.status import status_within
from kit.jobs import jobs
from kit.jobs.store import JOBS
from kit.jobs.tables import JobState
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.me import add_me
from kit.web.responses import json_answer
from kit.web.schema import Label, Schema

LOG_SECONDS = 3.0
Reader = Annotated[Context, Depends(Allow("operations:read"))]
Operator = Annotated[Context, Depends(Allow("operations:write"))]
Anybody = Annotated[Context, Depends(Allow(None))]


class ProjectionRead(Schema):
    """A table derived from the log: live, building (never filled yet) or aside (it kept failing, and is left out);
    `done` of `total` records are read while it is filled."""

    name: str
    version: int
    state: Literal["live", "building", "aside"]
    reason: str
    done: int
    total: int


class StatusRead(Schema):
    """Where delivery stands; records that are not applied by lane and topic, and per topic in the lane that is
    furthest behind (`lag`); null when the log does not answer."""

    outbox_waiting: int
    outbox_age: float
    parked_keys: int
    lag: dict[str, int] | None
    lanes: dict[str, dict[str, int]] | None
    projections: list[ProjectionRead]
    settled: bool


class ParkedRead(Schema):
    """An event that could not be handled, or waits behind one of its key."""

    id: int
    lane: str
    key: str
    event_id: UUID
    type: str
    topic: str
    partition: int
    log_offset: int
    error: str
    attempts: int
    parked_at: datetime


class ParkedPage(Schema):
    """Oldest first, at most 1,000."""

    items: list[ParkedRead]


class RetryBody(Schema):
    """The key whose parked events are handled again, in order."""

    key: Label


class RetryRead(Schema):
    """How many events went through."""

    handled: int


class DiscardRead(Schema):
    """The key of the event that was given up."""

    key: str


class JobRead(Schema):
    """Long work and how far it is."""

    id: UUID
    kind: str
    state: JobState
    requested_by: str
    params: dict[str, Any]
    progress_done: int
    progress_total: int | None
    result: dict[str, Any] | None
    error: str | None
    attempts: int
    cancel_requested: bool
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    version: int


JobPage = page_of(JobRead)


class CancelRead(Schema):
    """State of the job after the request."""

    state: JobState


def job_answer(row: Any, status: int = 200, location: str | None = None) -> Response:
    """A job's row as an answer."""
    body = dict(row)
    for name in ("params", "result"):
        if body[name] is not None:
            body[name] = orjson.Fragment(body[name])
    return json_answer(body, status, version=body["version"], location=location)


def operations_router(subscriptions: Subscriptions) -> APIRouter:
    """The router of one service."""
    router = routes.router("operations")
    add_me(router)
    _add_delivery(router, subscriptions)
    _add_jobs(router)
    return router


def _add_delivery(router: APIRouter, subscriptions: Subscriptions) -> None:
    @router.get("/admin/status", response_model=StatusRead)
    async def read_status(context: Reader) -> Response:
        """What waits to be sent, to be applied, and what is parked."""
        status = await status_within(context.tx, context.runtime.bus, subscriptions, LOG_SECONDS)
        return json_answer(status.as_dict())

    @router.get("/admin/parked", response_model=ParkedPage)
    async def list_parked(context: Reader) -> Response:
        """Events that could not be handled."""
        return json_answer({"items": await parked.list_parked(context.tx)})

    @router.post("/admin/parked/retries", response_model=RetryRead)
    async def retry_parked(body: RetryBody, context: Operator) -> Response:
        """Handle the parked events of a key again; stops at the first that fails again."""
        try:
            handled = await parked.retry_key(context.runtime.db, subscriptions, context.settings, body.key)
        except AppError:
            raise
        except Exception as error:
            raise parked.StillFailing(f"{type(error).__name__}: the event fails again") from error
        return json_answer({"handled": handled})

    @router.post("/admin/parked/{parked_id}/discard", response_model=DiscardRead)
    async def discard_parked(parked_id: Annotated[int, Field(ge=1, le=2**63 - 1)], context: Operator) -> Response:
        """Give up one parked event for good."""
        return json_answer({"key": await parked.discard(context.tx, parked_id)})


def _add_jobs(router: APIRouter) -> None:
    @router.get("/admin/jobs", response_model=JobPage, openapi_extra=documented(JOBS))
    async def list_jobs(context: Reader) -> Response:
        """Jobs, the newest first."""
        return await list_answer(context, JOBS)

    @router.get("/admin/jobs/{job_id}", response_model=JobRead)
    async def read_job(job_id: UUID, context: Anybody) -> Response:
        """Progress and result of a job, for whoever started it; of any job with the permission `operations:read`."""
        may_read_all = context.actor.may("operations:read")
        row = await jobs.get_job(context.tx, job_id)
        if not may_read_all and (row is None or row["requested_by"] != context.actor.subject):
            raise Forbidden("is not yours: needs the permission operations:read")
        if row is None:
            raise jobs.JobNotFound
        return job_answer(row)

    @router.post("/admin/jobs/{job_id}/cancel", response_model=CancelRead)
    async def cancel_job(job_id: UUID, context: Operator) -> Response:
        """Ask a job to stop."""
        return json_answer({"state": await jobs.request_cancel(context.tx, job_id)})
