"""Directory of principals and the record scope it gives: own, subtree or everything.

A service keeps one row per member of the organisation, fed by events; `path` are the ids of the
member's units from the root down. The scope of a caller becomes one predicate in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from kit.db.database import Tx, dumps

Reach = Literal["own", "subtree", "all"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: token subject, roles, and the permissions they give in this service."""

    subject: str
    roles: frozenset[str]
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        return permission in self.permissions


Grants = Mapping[str, frozenset[str]]
"""Who may do something: permission -> roles. A slice says it of its own permissions."""


def permissions_by_role(everything: str, *slices: Grants) -> dict[str, frozenset[str]]:
    """Role -> permissions out of what the slices grant; the role `everything` holds each of them."""
    found: dict[str, set[str]] = {everything: set()}
    for grants in slices:
        for permission, roles in grants.items():
            for role in {everything, *roles}:
                found.setdefault(role, set()).add(permission)
    return {role: frozenset(permissions) for role, permissions in found.items()}


SYSTEM = Actor("system", frozenset(), frozenset())
"""Who acts when an event or a date that was reached is the cause."""


ANONYMOUS = Actor("", frozenset(), frozenset())
"""Who calls a public route: nobody asks who that is. No token has this subject, so nothing is theirs to see."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which principals' records the caller may see: all of them, or those of `members`."""

    everything: bool
    members: tuple[UUID, ...] = ()

    def sees(self, member: UUID | None) -> bool:
        """Whether records of `member` are visible."""
        return self.everything or (member is not None and member in self.members)


# uuid[]: the memberships of $1 whenever they were; and those who on $2, a day, are below the units that $1 belongs to
# then, or who were when they left: what is theirs is worked by who leads where they were last.
_OWN = "ARRAY(SELECT DISTINCT id FROM principal WHERE subject = $1)"
_SUBTREE = """ARRAY(
    SELECT id FROM principal WHERE subject = $1
    UNION
    SELECT p.id FROM principal me JOIN principal p ON p.path @> me.path[cardinality(me.path):]
    WHERE me.subject = $1 AND cardinality(me.path) > 0
      AND me.valid_from <= $2::date AND (me.valid_to IS NULL OR me.valid_to > $2::date)
      AND p.valid_from <= $2::date
      AND NOT EXISTS (SELECT FROM principal later
                      WHERE later.id = p.id AND later.valid_from > p.valid_from AND later.valid_from <= $2::date)
)"""
_INSERT = """
INSERT INTO principal (id, valid_from, valid_to, code, subject, path)
SELECT id, valid_from, valid_to, code, subject, path FROM json_populate_recordset(NULL::principal, $1::json)
"""


def reach_of(actor: Actor, reaches: Mapping[str, Reach]) -> Reach:
    """The widest reach of the caller's roles; own when none is listed."""
    found = {reaches[role] for role in actor.roles if role in reaches}
    return "all" if "all" in found else "subtree" if "subtree" in found else "own"


@dataclass(frozen=True, slots=True)
class ScopeQuery:
    """A scope that is still to be found: an SQL expression of the members (uuid[]) and its parameters."""

    sql: str
    args: tuple[object, ...]

    @property
    def everything(self) -> bool:
        """Whether there is nothing to be found."""
        return not self.sql

    def members(self, first: int = 1) -> str:
        """The expression with its parameters from $first on."""
        return _numbered(self.sql, first)

    def sees(self, column: str, first: int = 1) -> str:
        """The scope as a predicate on the column that names the owner, with its parameters from $first on."""
        return "TRUE" if self.everything else f"{column} = ANY({self.members(first)})"


EVERYTHING = ScopeQuery("", ())
"""The scope of those who see every record."""

_PARAMETER = re.compile(r"\$([0-9]+)")


@lru_cache(maxsize=64)
def _numbered(sql: str, first: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + first - 1}", sql)


def scope_query(actor: Actor, reaches: Mapping[str, Reach], today: date) -> ScopeQuery:
    """How the caller's record scope on a business day is found."""
    reach = reach_of(actor, reaches)
    if reach == "all":
        return EVERYTHING
    return ScopeQuery(_SUBTREE, (actor.subject, today)) if reach == "subtree" else ScopeQuery(_OWN, (actor.subject,))


async def resolve_scope(tx: Tx, query: ScopeQuery) -> Scope:
    """The scope; a caller without a row sees an empty own scope."""
    if query.everything:
        return Scope(everything=True)
    return Scope(False, tuple(await tx.fetchval(f"SELECT {query.members()}", *query.args)))


async def owned_rows(tx: Tx, query: ScopeQuery, column: str) -> tuple[str, Sequence[object]]:
    """The scope as the condition of a list, with its parameters from $1 on.

    One member alone is compared with `=`: only then an index on (owner, sort columns) gives the order of the page.
    """
    if query.sql != _OWN:
        return query.sees(column), query.args
    members = (await resolve_scope(tx, query)).members
    return (f"{column} = $1::uuid", members) if len(members) == 1 else (f"{column} = ANY($1::uuid[])", [members])


async def replace_principal(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set all memberships of the principals that these name (columns of PrincipalRow), oldest first."""
    await tx.execute("DELETE FROM principal WHERE id = ANY($1::uuid[])", sorted({row["id"] for row in rows}, key=str))
    await tx.execute(_INSERT, dumps(rows))
