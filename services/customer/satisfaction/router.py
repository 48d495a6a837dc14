"""Satisfaction: how content accounts are, by the answers of a year."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.customer.satisfaction import service
from services.customer.satisfaction.schemas import AccountSatisfactionRead

router = routes.router("surveys")
Reader = Annotated[Context, Depends(Allow("surveys:read"))]


@router.get("/v1/accounts/{account_id}/satisfaction", response_model=AccountSatisfactionRead)
async def get_account_satisfaction(account_id: UUID, work: Reader) -> Response:
    """How satisfied an account is, by the answers of its contacts in 365 days."""
    return json_answer(await service.read_satisfaction(work, account_id))
