"""Segments: accounts that fit a filter, followed as they change."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import row_answer
from services.customer.segments import service
from services.customer.segments.enums import SegmentResource
from services.customer.segments.lists import ACCOUNT_MEMBERS, CONTACT_MEMBERS, SEGMENTS
from services.customer.segments.schemas import (
    SegmentCreate,
    SegmentMemberPage,
    SegmentPage,
    SegmentRead,
    SegmentUpdate,
)

router = routes.router("segments")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


@router.post("/v1/segments", response_model=SegmentRead, status_code=201)
async def create_segment(body: SegmentCreate, work: Writer) -> Response:
    """Add a segment of accounts or contacts, by a filter or by ids, and find its members."""
    return row_answer(SegmentRead, await service.create_segment(work, body), "/v1/segments")


@router.get("/v1/segments", response_model=SegmentPage, openapi_extra=documented(SEGMENTS))
async def list_segments(work: Reader) -> Response:
    """Segments."""
    return await list_answer(work, SEGMENTS)


@router.get("/v1/segments/{segment_id}", response_model=SegmentRead)
async def get_segment(segment_id: UUID, work: Reader) -> Response:
    """One segment."""
    return row_answer(SegmentRead, await service.get_segment(work, segment_id))


@router.patch("/v1/segments/{segment_id}", response_model=SegmentRead)
async def update_segment(segment_id: UUID, body: SegmentUpdate, version: IfMatch, work: Writer) -> Response:
    """Change the name or what it chooses, of which the members are found at once."""
    return row_answer(SegmentRead, await service.update_segment(work, segment_id, version, body))


@router.post("/v1/segments/{segment_id}/refresh", response_model=SegmentRead)
async def refresh_segment(segment_id: UUID, work: Writer) -> Response:
    """Find its members now; it is done every 15 minutes anyway."""
    return row_answer(SegmentRead, await service.refresh_segment(work, segment_id))


@router.get(
    "/v1/segments/{segment_id}/members", response_model=SegmentMemberPage, openapi_extra=documented(ACCOUNT_MEMBERS)
)
async def list_members(segment_id: UUID, work: Reader) -> Response:
    """Members that are the caller's to see, as of the latest refresh."""
    segment = await service.get_segment(work, segment_id)
    own, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    spec = ACCOUNT_MEMBERS if segment.resource is SegmentResource.ACCOUNT else CONTACT_MEMBERS
    return await list_answer(work, spec, f"{own} AND m.segment_id = ${len(args) + 1}", [*args, segment_id])
