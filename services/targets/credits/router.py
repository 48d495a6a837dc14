"""Credit lines: which member and unit was credited with what of an order."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.security.fields import shown_list
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from services.targets.credits.access import LINE_FIELDS
from services.targets.credits.lists import CREDIT_LINES, VISIBLE
from services.targets.credits.schemas import CreditLineRead
from services.targets.units.service import visible_to

router = routes.router("credit-lines")

Reader = Annotated[Context, Depends(Allow("credits:read"))]


@router.get("/v1/credit-lines", response_model=page_of(CreditLineRead), openapi_extra=documented(CREDIT_LINES))
async def list_credit_lines(work: Reader) -> Response:
    """Lines behind the attainment; `unit_id` gives those credited in a unit or below it, `account_id`
    those of all accounts that are one with it. `margin` and `costed_net` need `costs:read`, else they are null."""
    spec = shown_list(CREDIT_LINES, LINE_FIELDS, work.actor)
    return await list_answer(work, spec, *(await visible_to(work)).rows(VISIBLE))
