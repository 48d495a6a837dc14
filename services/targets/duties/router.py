"""Roles: what who has one is there for, how many have it, and what it allows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.duties import service
from services.targets.duties.lists import ROLES
from services.targets.duties.models import Role
from services.targets.duties.schemas import RoleRead, RoleSet
from services.targets.members.enums import MemberRole

router = routes.router("roles")

Reader = Annotated[Context, Depends(Allow("members:read"))]
Writer = Annotated[Context, Depends(Allow("members:write"))]


def _permissions(work: Context, role: str) -> list[str]:
    return sorted(work.request.app.state.permissions.get(role, ()))


async def _answer(work: Context, row: Role) -> Response:
    more = {"members": await service.members_of(work, row.role), "permissions": _permissions(work, row.role)}
    return row_answer(RoleRead, row, more=more)


@router.get("/v1/roles", response_model=page_of(RoleRead), openapi_extra=documented(ROLES))
async def list_roles(work: Reader) -> Response:
    """Roles that members have, what each is there for, how many have it, and what it allows."""

    async def show(items: list[dict[str, Any]]) -> None:
        for item in items:
            if "permissions" in item:
                item["permissions"] = _permissions(work, item["permissions"])

    return await list_answer(work, ROLES, show=show)


@router.get("/v1/roles/{role}", response_model=RoleRead)
async def get_role(role: MemberRole, work: Reader) -> Response:
    """One role."""
    return await _answer(work, await service.require_role(work, role))


@router.put("/v1/roles/{role}", response_model=RoleRead)
async def set_role(role: MemberRole, body: RoleSet, version: IfMatch, work: Writer) -> Response:
    """Say what who has a role is there for; what it allows is the product's and stays."""
    return await _answer(work, await service.set_duties(work, role, version, body))
