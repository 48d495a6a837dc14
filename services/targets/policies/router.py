"""Policies of targets: figures that its rules go by."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.policies import service
from services.targets.policies.lists import POLICIES
from services.targets.policies.schemas import TargetPolicyRead, TargetPolicySet

router = routes.router("target-policies")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("policy:write"))]


@router.get("/v1/target-policies", response_model=page_of(TargetPolicyRead), openapi_extra=documented(POLICIES))
async def list_target_policies(work: Reader) -> Response:
    """Versions of the policy, the newest first; a version of a later day holds from then on."""
    return await list_answer(work, POLICIES)


@router.put("/v1/target-policies", response_model=TargetPolicyRead)
async def set_target_policy(body: TargetPolicySet, version: IfMatch, work: Writer) -> Response:
    """Add the next version of the policy; `If-Match` names the newest one by its number."""
    return row_answer(TargetPolicyRead, await service.set_policy(work, version, body))
