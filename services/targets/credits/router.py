"""HTTP of the credit lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from services.targets.access import visible_to
from services.targets.credits.repository import CREDIT_LINES
from services.targets.credits.schemas import CreditLineRead

router = routes.router("credit-lines")

SCOPE = "c.member_id = ANY($1::uuid[]) OR c.unit_path && $2::uuid[]"


@router.get("/v1/credit-lines", response_model=page_of(CreditLineRead), openapi_extra=documented(CREDIT_LINES))
async def list_credit_lines(context: Annotated[Context, Depends(Allow("credits:read"))]) -> Response:
    """Lines behind the attainment; `unit_id` gives those credited in a unit or below it."""
    visible = await visible_to(context)
    if visible.everything:
        return await list_answer(context, CREDIT_LINES)
    return await list_answer(context, CREDIT_LINES, SCOPE, [list(visible.members), list(visible.units)])
