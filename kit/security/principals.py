"""Directory of principals and the record scope it gives: own, subtree or everything.

A service keeps one row per member of the organisation, fed by events; `path` are the ids of the
member's units from the root down. The scope of a caller becomes one predicate in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Field, SQLModel

from kit.db.columns import identifier, identifiers, text
from kit.db.database import Tx
from kit.db.rows import dumps
from kit.web.context import Actor

Reach = Literal["own", "subtree", "all"]


class PrincipalRow(SQLModel):
    """One membership of a principal: token subject (None without a login), units from the root down,
    valid from a date until before another (None: open)."""

    __tablename__ = "principal"

    id: UUID = identifier(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = Field(default=None)
    code: str = text(nullable=False)
    subject: str | None = text(default=None, nullable=True, index=True)
    path: list[UUID] = identifiers(nullable=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which principals' records the caller may see: all of them, or those of `members`."""

    everything: bool
    members: tuple[UUID, ...] = ()

    def sees(self, member: UUID | None) -> bool:
        """Whether records of `member` are visible."""
        return self.everything or (member is not None and member in self.members)


_MEMBERS = """
WITH now_valid AS (
    SELECT id, subject, path FROM principal WHERE valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)
), me AS (SELECT id, path FROM now_valid WHERE subject = $1)
SELECT DISTINCT p.id FROM now_valid p, me
WHERE p.id = me.id OR ($2 AND cardinality(me.path) > 0 AND p.path @> me.path[cardinality(me.path):])
UNION
SELECT id FROM principal WHERE subject = $1
"""
_INSERT = """
INSERT INTO principal (id, valid_from, valid_to, code, subject, path)
SELECT id, valid_from, valid_to, code, subject, path FROM json_populate_recordset(NULL::principal, $1::json)
"""


def reach_of(actor: Actor, reaches: Mapping[str, Reach]) -> Reach:
    """The widest reach of the caller's roles; own when none is listed."""
    found = {reaches[role] for role in actor.roles if role in reaches}
    return "all" if "all" in found else "subtree" if "subtree" in found else "own"


async def resolve_scope(tx: Tx, actor: Actor, reaches: Mapping[str, Reach], today: date) -> Scope:
    """The caller's record scope on a business day; a caller without a row sees an empty own scope."""
    reach = reach_of(actor, reaches)
    if reach == "all":
        return Scope(everything=True)
    rows = await tx.fetch(_MEMBERS, actor.subject, reach == "subtree", today)
    return Scope(everything=False, members=tuple(UUID(str(row["id"])) for row in rows))


async def replace_principal(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set all memberships of one principal (columns of PrincipalRow), oldest first."""
    await tx.execute("DELETE FROM principal WHERE id = $1", rows[0]["id"])
    await tx.execute(_INSERT, dumps(rows))
