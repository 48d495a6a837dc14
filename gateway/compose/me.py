"""GET /v1/me: who the caller is, and what each service lets them do and see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.compose.calls import Services
from gateway.compose.parts import admission
from gateway.limits import RateLimits
from kit.security.principals import Reach
from kit.security.tokens import TokenVerifier

DIRECTORY = "targets"
"""The service that keeps members and units; the directories of the others follow it."""


class MeMember(BaseModel):
    """The caller's row among the members of the organisation, as it is today."""

    id: UUID
    code: Annotated[str, Field(max_length=200)]


class MeUnit(BaseModel):
    """The unit the caller belongs to today; `path` are the units from the root down to it."""

    id: UUID
    path: Annotated[list[UUID], Field(max_length=64)]


class MeScope(BaseModel):
    """Whose records the caller sees: their own, those of the members below their unit, or all; `members` is how many
    members that are, null for all."""

    reach: Reach
    members: Annotated[int, Field(ge=0, le=2**31 - 1)] | None


class MeService(BaseModel):
    """The caller in one service. Without its answer the state is `unavailable` and the rest is empty."""

    state: Literal["ok", "unavailable"]
    permissions: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=200)]
    record_scope: MeScope | None


class MeRead(BaseModel):
    """The caller. `member` and `unit` are null for one who is no member today."""

    subject: Annotated[str, Field(max_length=255)]
    roles: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)]
    member: MeMember | None
    unit: MeUnit | None
    services: dict[str, MeService]


def me_router(services: Services, verifier: TokenVerifier, limits: RateLimits) -> APIRouter:
    """The endpoint, over the services' `/admin/me`."""
    router = APIRouter(tags=["me"])

    @router.get(
        "/v1/me",
        name="read_me",
        response_model=MeRead,
        dependencies=[admission(verifier, limits)],
        openapi_extra={"security": [{"bearer": []}]},
    )
    async def read_me(request: Request) -> dict[str, Any]:
        """The caller: subject, roles, member and unit, and for each service permissions and record scope.

        A service that does not answer in time is `unavailable` in its part; the rest is answered all the same.
        """
        claims = request.state.claims
        answers = await services.ask("/admin/me", request.state.context)
        return {"subject": claims.subject, "roles": sorted(claims.roles), **_composed(answers)}

    return router


def _composed(answers: Mapping[str, Any]) -> dict[str, Any]:
    known = [found for name in sorted(answers, key=lambda name: name != DIRECTORY) if (found := answers[name])]
    principal = known[0]["principal"] if known else None
    path = principal["path"] if principal else []
    return {
        "member": {"id": principal["id"], "code": principal["code"]} if principal else None,
        "unit": {"id": path[-1], "path": path} if path else None,
        "services": {name: _part(found) for name, found in answers.items()},
    }


def _part(found: Any) -> dict[str, Any]:
    if found is None:
        return {"state": "unavailable", "permissions": [], "record_scope": None}
    scope = {"reach": found["reach"], "members": found["members"]}
    return {"state": "ok", "permissions": found["permissions"], "record_scope": scope}
