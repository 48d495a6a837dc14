"""SQL of the roles."""

from __future__ import annotations

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.targets.duties.lists import MEMBERS
from services.targets.duties.models import Role
from services.targets.members.enums import MemberRole

_GET = select_sql(Role, "role = $1")
_LOCK = select_sql(Role, "role = $1 FOR NO KEY UPDATE")
_MEMBERS = f"SELECT {MEMBERS} FROM member_role r WHERE r.role = $1"


async def get_role(tx: Tx, role: MemberRole, *, lock: bool = False) -> Role | None:
    """A role, locked on request."""
    return await tx.row(Role, _LOCK if lock else _GET, role)


async def count_members(tx: Tx, role: MemberRole) -> int:
    """How many members have a role."""
    return int(await tx.fetchval(_MEMBERS, role))
