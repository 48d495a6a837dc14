"""Bodies of the roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Label, Schema
from services.targets.members.enums import MemberRole


class RoleSet(Schema):
    """What who has the role is there for, in the order in which it is shown; an empty list says nothing of it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"duties": ["Visits the accounts of the territory", "Commits by Friday"]}}
    )

    duties: Annotated[list[Label], Field(max_length=50)]


class RoleRead(Schema):
    """A role of members. `members` counts those whose role it is, as the list of members by `role` has them;
    `permissions` are what a token with a role of that name allows here (none where tokens carry no such role)."""

    id: UUID
    role: MemberRole
    duties: list[str]
    members: int
    permissions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime
