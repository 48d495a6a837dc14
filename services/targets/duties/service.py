"""Use cases of the roles: who has one, and what it is there for."""

from __future__ import annotations

from kit.errors import NotFound
from kit.records import Resource, change
from kit.versions import Versions
from kit.work import Work
from services.targets.duties import repository
from services.targets.duties.models import Role
from services.targets.duties.schemas import RoleSet
from services.targets.members.enums import MemberRole

ROLES = Resource("member-role", Role, lambda _one: None, audited=("role", "duties"))


async def require_role(work: Work, role: MemberRole, *, lock: bool = False) -> Role:
    """A role; raises NotFound."""
    found = await repository.get_role(work.tx, role, lock=lock)
    if found is None:
        raise NotFound(what="role")
    return found


async def set_duties(work: Work, role: MemberRole, version: Versions, data: RoleSet) -> Role:
    """Say anew what a role is there for; raises NotFound, VersionMismatch."""
    before = await require_role(work, role, lock=True)
    version.check(before.version)
    return await change(work, ROLES, before, {"duties": tuple(data.duties)}, action="set")


async def members_of(work: Work, role: MemberRole) -> int:
    """How many members have a role."""
    return await repository.count_members(work.tx, role)
