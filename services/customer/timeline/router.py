"""Timelines: all that happened to an account, by the time it did."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.customer.timeline import service
from services.customer.timeline.enums import TimelineKind
from services.customer.timeline.schemas import TimelinePage

router = routes.router("accounts")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
Kinds = Annotated[list[TimelineKind] | None, Query(max_length=20, description="Only these; may be given several times")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before")]


@router.get("/v1/accounts/{account_id}/timeline", response_model=TimelinePage)
async def get_account_timeline(
    account_id: UUID, work: Reader, kind: Kinds = None, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """What happened with an account: steps of its orders, returns, payments, refunds, contacts, writes, stages,
    grades, answers to surveys, activities and cases as they stand, and what channels and risk say of it (quotes, deals,
    points, credit, alerts, contracts, obligations, disputes); the latest first."""
    found, following = await service.timeline(work, account_id, kind or (), limit, cursor)
    items = [
        {"kind": one.kind, "at": one.at, "id": one.id, "business_date": one.business_date, "subject_id": one.subject_id,
         "filed_account_id": one.filed_account_id, "data": one.data}
        for one in found
    ]  # fmt: skip
    return json_answer({"items": items, "next_cursor": following})
