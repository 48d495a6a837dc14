"""Members: who sells, in which unit and role, since when."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.jobs.jobs import require_job
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer, row_answer
from kit.work import Work
from services.targets.members import batches, service
from services.targets.members.lists import MEMBERS
from services.targets.members.models import Member
from services.targets.members.schemas import (
    MemberBatch,
    MemberBatchRow,
    MemberChangeRole,
    MemberCreate,
    MemberLeave,
    MemberLink,
    MemberMove,
    MemberRead,
)

router = routes.router("members")

Reader = Annotated[Context, Depends(Allow("members:read"))]
Writer = Annotated[Context, Depends(Allow("members:write"))]
_BY_JOB: dict[int | str, dict[str, Any]] = {
    202: {"model": JobRead, "description": "The member has changed; a job corrects more than 1,000 credited lines"}
}


@router.post("/v1/members", response_model=MemberRead, status_code=201)
async def create_member(data: MemberCreate, work: Writer) -> Response:
    """Let a member join a unit; 409 names the id of the member that has the code."""
    return row_answer(MemberRead, await service.add_member(work, data), "/v1/members")


@router.post("/v1/members/batch", response_model=BatchAnswer)
async def upsert_members(body: MemberBatch, work: Writer) -> Response:
    """Let up to 5,000 members join, or move and change their roles, by code; a row that would put credited lines into
    another unit is refused."""
    good, results = parse_rows(MemberBatchRow, body)
    await batches.upsert_members(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/members", response_model=page_of(MemberRead), openapi_extra=documented(MEMBERS))
async def list_members(work: Reader) -> Response:
    """Members; `unit_id` gives those who ever belonged to a unit or to one below it."""
    return await list_answer(work, MEMBERS)


@router.get("/v1/members/{member_id}", response_model=MemberRead)
async def get_member(member_id: UUID, work: Reader) -> Response:
    """One member with all memberships."""
    return row_answer(MemberRead, await service.require_member(work, member_id))


@router.post("/v1/members/{member_id}/move", response_model=MemberRead, responses=_BY_JOB)
async def move_member(member_id: UUID, data: MemberMove, work: Writer) -> Response:
    """Move a member to another unit from a date on; results credited before stay with the old unit."""
    return await _answer(work, *await service.move_member(work, member_id, data))


@router.post("/v1/members/{member_id}/change-role", response_model=MemberRead)
async def change_member_role(member_id: UUID, data: MemberChangeRole, work: Writer) -> Response:
    """Give a member another role, and capacity, from a date on; both hold until their next change, through moves."""
    return row_answer(MemberRead, await service.change_role(work, member_id, data))


@router.post("/v1/members/{member_id}/link", response_model=MemberRead)
async def link_member(member_id: UUID, data: MemberLink, work: Writer) -> Response:
    """Give a member the login of a token subject, or take it away; what that login sees changes with it."""
    return row_answer(MemberRead, await service.link_subject(work, member_id, data))


@router.post("/v1/members/{member_id}/leave", response_model=MemberRead, responses=_BY_JOB)
async def end_membership(member_id: UUID, data: MemberLeave, work: Writer) -> Response:
    """Let a member leave; later orders are credited to the member without a unit. On the day of the join, as long as
    that is today or to come or the member was made today, the join is undone."""
    return await _answer(work, *await service.end_membership(work, member_id, data))


async def _answer(work: Work, member: Member, job_id: UUID | None) -> Response:
    if job_id is None:
        return row_answer(MemberRead, member)
    return job_answer(await require_job(work.tx, job_id), 202, f"/admin/targets/jobs/{job_id}")
