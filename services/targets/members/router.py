"""HTTP of the members."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends
from starlette.responses import Response

from kit.db.database import Row
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.members import service
from services.targets.members.repository import MEMBERS
from services.targets.members.schemas import MemberCreate, MemberLeave, MemberMove, MemberRead

router = routes.router("members")

Reader = Annotated[Context, Depends(Allow("members:read"))]
Writer = Annotated[Context, Depends(Allow("members:write"))]


def _answer(row: Row, status: int = 200, location: str | None = None) -> Response:
    body = {**dict(row), "memberships": orjson.Fragment(row["memberships"])}
    return json_answer(body, status, version=row["version"], location=location)


@router.post("/v1/members", response_model=MemberRead, status_code=201)
async def create_member(data: MemberCreate, context: Writer) -> Response:
    """Let a member join a unit; 409 names the id of the member that has the code."""
    row = await service.add_member(context.tx, context.actor, data, context.runtime.secret)
    return _answer(row, 201, f"/v1/members/{row['id']}")


@router.get("/v1/members", response_model=page_of(MemberRead), openapi_extra=documented(MEMBERS))
async def list_members(context: Reader) -> Response:
    """Members; `unit_id` gives those who ever belonged to a unit or to one below it."""
    return await list_answer(context, MEMBERS)


@router.get("/v1/members/{member_id}", response_model=MemberRead)
async def get_member(member_id: UUID, context: Reader) -> Response:
    """One member with all memberships."""
    return _answer(await service.require_member(context.tx, member_id))


@router.post("/v1/members/{member_id}/move", response_model=MemberRead)
async def move_member(member_id: UUID, data: MemberMove, context: Writer) -> Response:
    """Move a member to another unit from a date on; results credited before stay with the old unit."""
    return _answer(await service.move_member(context.tx, context.actor, member_id, data, context.runtime.secret))


@router.post("/v1/members/{member_id}/leave", response_model=MemberRead)
async def end_membership(member_id: UUID, data: MemberLeave, context: Writer) -> Response:
    """Let a member leave; later orders are credited to the member without a unit."""
    return _answer(await service.end_membership(context.tx, context.actor, member_id, data, context.runtime.secret))
