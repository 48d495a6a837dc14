"""Policies of risk: versions of the figures that its rules go by."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.responses import Response

from kit.transitions import shown_move
from kit.versions import read_if_match
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch, IfMatchLine
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.risk.policies import service
from services.risk.policies.lists import POLICIES
from services.risk.policies.rules import MOVES
from services.risk.policies.schemas import PolicyActivate, PolicyCreate, PolicyRead, PolicyUpdate

router = routes.router("risk-policies")

Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]
Approver = Annotated[Context, Depends(Allow("risk:approve"))]
AsRead = Annotated[
    list[IfMatchLine] | None, Header(alias="If-Match", description="ETags, one of which must be the present one")
]
_APPROVE, _ACTIVATE = (shown_move(service.NOUN, MOVES, action) for action in ("approve", "activate"))


@router.post("/v1/risk-policies", response_model=PolicyRead, status_code=201)
async def draft_risk_policy(body: PolicyCreate, work: Writer) -> Response:
    """Draft the next version of a policy: scorecard, terms, holds, matrix, clauses or forward."""
    return row_answer(PolicyRead, await service.draft_policy(work, body), "/v1/risk-policies")


@router.get("/v1/risk-policies", response_model=page_of(PolicyRead), openapi_extra=documented(POLICIES))
async def list_risk_policies(work: Reader) -> Response:
    """Versions of policies; `state=active` are those activated last."""
    return await list_answer(work, POLICIES)


@router.get("/v1/risk-policies/{policy_id}", response_model=PolicyRead)
async def get_risk_policy(policy_id: UUID, work: Reader) -> Response:
    """One version of a policy."""
    return row_answer(PolicyRead, await service.require_policy(work, policy_id))


@router.patch("/v1/risk-policies/{policy_id}", response_model=PolicyRead)
async def change_risk_policy(policy_id: UUID, body: PolicyUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a draft; in another state 409 `policy-not-draft`. Who changes it cannot approve it."""
    return row_answer(PolicyRead, await service.change_draft(work, policy_id, version, body))


@router.post("/v1/risk-policies/{policy_id}/approve", response_model=PolicyRead, openapi_extra=_APPROVE)
async def approve_risk_policy(policy_id: UUID, work: Approver, read: AsRead = None) -> Response:
    """Approve a draft that others wrote (403 `same-person`); `If-Match` makes sure that it is the draft you read."""
    version = read_if_match(read) if read else None
    return row_answer(PolicyRead, await service.approve_policy(work, policy_id, version))


@router.post("/v1/risk-policies/{policy_id}/activate", response_model=PolicyRead, openapi_extra=_ACTIVATE)
async def activate_risk_policy(policy_id: UUID, body: PolicyActivate, work: Writer) -> Response:
    """Let an approved version hold from a day on, today or later; the one before it is superseded and holds until then.

    What was decided keeps the version it was decided under. No version begins before the one that was activated last
    (409 `effective-before-last`): whoever wants another from that day on activates it on that day.
    """
    return row_answer(PolicyRead, await service.activate_policy(work, policy_id, body))
