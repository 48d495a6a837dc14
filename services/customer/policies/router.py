"""Policies of the customer side: versions of the figures that its rules go by."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import row_answer
from services.customer.policies import service
from services.customer.policies.lists import POLICIES
from services.customer.policies.rules import MOVES
from services.customer.policies.schemas import (
    CustomerPolicyActivate,
    CustomerPolicyCreate,
    CustomerPolicyRead,
    CustomerPolicyUpdate,
    PolicyPage,
)

router = routes.router("customer-policies")

Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]
_ACTIVATE = shown_move(service.NOUN, MOVES, "activate")


@router.post("/v1/customer-policies", response_model=CustomerPolicyRead, status_code=201)
async def draft_customer_policy(body: CustomerPolicyCreate, work: Writer) -> Response:
    """Draft the next version of a policy."""
    return row_answer(CustomerPolicyRead, await service.draft_policy(work, body), "/v1/customer-policies")


@router.get("/v1/customer-policies", response_model=PolicyPage, openapi_extra=documented(POLICIES))
async def list_customer_policies(work: Reader) -> Response:
    """Versions of policies; `state=active` are those activated last."""
    return await list_answer(work, POLICIES)


@router.get("/v1/customer-policies/{customer_policy_id}", response_model=CustomerPolicyRead)
async def get_customer_policy(customer_policy_id: UUID, work: Reader) -> Response:
    """A version of a policy."""
    return row_answer(CustomerPolicyRead, await service.require_policy(work, customer_policy_id))


@router.patch("/v1/customer-policies/{customer_policy_id}", response_model=CustomerPolicyRead)
async def change_customer_policy(
    customer_policy_id: UUID, body: CustomerPolicyUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change a draft; in another state 409 `policy-not-draft`."""
    return row_answer(CustomerPolicyRead, await service.change_draft(work, customer_policy_id, version, body))


@router.post(
    "/v1/customer-policies/{customer_policy_id}/activate", response_model=CustomerPolicyRead, openapi_extra=_ACTIVATE
)
async def activate_customer_policy(customer_policy_id: UUID, body: CustomerPolicyActivate, work: Writer) -> Response:
    """Let a draft hold from a day on, today or later; the one before it is superseded and holds until then.

    What was begun under a version keeps it; other working hours move every clock of a case that runs.
    """
    return row_answer(CustomerPolicyRead, await service.activate_policy(work, customer_policy_id, body))
