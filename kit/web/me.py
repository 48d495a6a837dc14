"""GET /admin/me: the caller as a service sees them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from kit.security.principals import Reach, reach_of
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from kit.web.schema import Schema

Anybody = Annotated[Context, Depends(Allow(None))]
_TODAY = """SELECT id, code, path FROM principal
WHERE subject = $1 AND valid_from <= $2::date AND (valid_to IS NULL OR valid_to > $2::date)
ORDER BY valid_from DESC, id LIMIT 1"""


class PrincipalRead(Schema):
    """The caller in the directory of principals, today; `path` are the units from the root down."""

    id: UUID
    code: Annotated[str, Field(max_length=200)]
    path: Annotated[list[UUID], Field(max_length=64)]


class CallerRead(Schema):
    """The caller here. `reach` says whose records they see, `members` of how many principals (null: of all)."""

    subject: Annotated[str, Field(max_length=255)]
    roles: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)]
    permissions: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=200)]
    reach: Reach
    members: Annotated[int, Field(ge=0, le=2**31 - 1)] | None
    principal: PrincipalRead | None


def add_me(router: APIRouter) -> None:
    """The endpoint, open to every caller with a token."""

    @router.get("/admin/me", response_model=CallerRead)
    async def read_me(context: Anybody) -> Response:
        """The caller: roles, what they allow here, and whose records the caller sees."""
        actor = context.actor
        scope = await context.scope()
        found = await context.tx.fetchrow(_TODAY, actor.subject, context.today)
        return json_answer(
            {
                "subject": actor.subject,
                "roles": sorted(actor.roles),
                "permissions": sorted(actor.permissions),
                "reach": reach_of(actor, context.reaches),
                "members": None if scope.everything else len(scope.members),
                "principal": dict(found) if found else None,
            }
        )
