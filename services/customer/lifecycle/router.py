"""The lifecycle: where an account stands between its first order and its last."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.lifecycle import service
from services.customer.lifecycle.lists import CHURN_WARNINGS
from services.customer.lifecycle.schemas import ChurnWarningPage, LifecycleRead

router = routes.router("lifecycle")
Reader = Annotated[Context, Depends(Allow("insights:read"))]


@router.get("/v1/churn-warnings", response_model=ChurnWarningPage, openapi_extra=documented(CHURN_WARNINGS))
async def list_churn_warnings(work: Reader) -> Response:
    """Accounts that may be leaving, of those that the caller sees, the highest score first."""
    where, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(
        work, CHURN_WARNINGS, f"l.warned_on IS NOT NULL AND a.archived_at IS NULL AND {where}", args
    )


@router.get("/v1/accounts/{account_id}/lifecycle", response_model=LifecycleRead)
async def get_account_lifecycle(account_id: UUID, work: Reader) -> Response:
    """Where an account stands in its life as a customer, where it stood, and what it is worked for."""
    return json_answer(await service.read_lifecycle(work, account_id))
