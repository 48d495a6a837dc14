"""Credit profiles: limit, grade, terms and headroom of an account or partner."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.profiles import raises, service
from services.risk.profiles.lists import PROFILES
from services.risk.profiles.schemas import (
    CreditLimitRaise,
    CreditProfileBatch,
    CreditProfileRead,
    CreditProfileRow,
    CreditProfileUpdate,
)

router = routes.router("credit-profiles")

Reader = Annotated[Context, Depends(Allow("credit:read"))]
Writer = Annotated[Context, Depends(Allow("credit:write"))]


@router.get("/v1/credit-profiles", response_model=page_of(CreditProfileRead), openapi_extra=documented(PROFILES))
async def list_credit_profiles(work: Reader) -> Response:
    """Credit profiles with exposure, use and headroom."""
    return await list_answer(work, PROFILES, *service.shown(work))


@router.post("/v1/credit-profiles/batch", response_model=BatchAnswer)
async def set_credit_limits(body: CreditProfileBatch, work: Writer) -> Response:
    """Set the limits of up to 5,000 accounts: rows of `account_id`, `credit_limit` and an optional `reason`."""
    good, results = parse_rows(CreditProfileRow, body)
    await service.change_limits(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/credit-profiles/{account_id}", response_model=CreditProfileRead)
async def get_credit_profile(account_id: UUID, work: Reader) -> Response:
    """One account's credit profile."""
    return await item_answer(work, PROFILES, account_id, service.NOUN, *service.shown(work))


@router.patch("/v1/credit-profiles/{account_id}", response_model=CreditProfileRead)
async def change_credit_limit(account_id: UUID, body: CreditProfileUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a credit limit; decisions made before stay as they are."""
    await service.change_limit(work, account_id, version, body)
    return await item_answer(work, PROFILES, account_id, service.NOUN, *service.shown(work))


@router.post("/v1/credit-profiles/{account_id}/raise-limit", response_model=CreditProfileRead)
async def raise_credit_limit(account_id: UUID, body: CreditLimitRaise, work: Writer) -> Response:
    """Raise a limit through a day; the limit before it holds again from the day after, unless somebody changes it
    meanwhile: that ends the raise."""
    await raises.raise_limit(work, account_id, body)
    return await item_answer(work, PROFILES, account_id, service.NOUN, *service.shown(work))
