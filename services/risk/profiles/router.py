"""HTTP door of credit profiles."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.access import owned
from services.risk.profiles import service
from services.risk.profiles.repository import SPEC
from services.risk.profiles.schemas import CreditProfileBatch, CreditProfileRead, CreditProfileRow, CreditProfileUpdate

router = routes.router("credit-profiles")

Reader = Annotated[Context, Depends(Allow("credit:read"))]
Writer = Annotated[Context, Depends(Allow("credit:write"))]


@router.get("/v1/credit-profiles", response_model=page_of(CreditProfileRead), openapi_extra=documented(SPEC))
async def list_credit_profiles(context: Reader) -> Response:
    """Credit profiles with exposure, use and headroom."""
    where, args = owned(context)
    return await list_answer(context, SPEC, where, args)


@router.post("/v1/credit-profiles/batch", response_model=BatchAnswer)
async def set_credit_limits(body: CreditProfileBatch, context: Writer) -> Response:
    """Set the limits of up to 5,000 accounts: rows of `account_id`, `credit_limit` and an optional `reason`."""
    good, results = parse_rows(CreditProfileRow, body)
    answer = await service.change_limits(context.tx, context.actor, good, results, key=context.runtime.secret)
    return json_answer(answer)


@router.get("/v1/credit-profiles/{account_id}", response_model=CreditProfileRead)
async def get_credit_profile(account_id: UUID, context: Reader) -> Response:
    """One account's credit profile."""
    row = await service.require_profile(context.tx, account_id, *owned(context))
    return json_answer(dict(row), version=row["version"])


@router.patch("/v1/credit-profiles/{account_id}", response_model=CreditProfileRead)
async def change_credit_limit(
    account_id: UUID, body: CreditProfileUpdate, version: IfMatch, context: Writer
) -> Response:
    """Change a credit limit; decisions made before stay as they are."""
    row = await service.change_limit(context.tx, context.actor, account_id, version, body, key=context.runtime.secret)
    return json_answer(dict(row), version=row["version"])
