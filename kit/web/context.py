"""What a request handler works with: the transaction, the caller, the versions named in headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Request

from kit.clock import business_date
from kit.db.database import Tx
from kit.errors import Forbidden, VersionMismatch, VersionRequired
from kit.security.principals import Scope, ScopeQuery, resolve_scope, scope_query

if TYPE_CHECKING:
    from kit.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: token subject, roles, and the permissions they give in this service."""

    subject: str
    roles: frozenset[str]
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the caller holds a permission."""
        return permission in self.permissions


_VERSION = re.compile(r'"([1-9][0-9]{0,8}|0)"|([1-9][0-9]{0,8}|0)')
SYSTEM = Actor("system", frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Context:
    """Handed to endpoints; `tx` commits after the endpoint has made its answer and before it is sent.
    `scope` is the record scope where it is known already."""

    tx: Tx
    actor: Actor
    runtime: Runtime
    request: Request
    scope: Scope | None = None


class Allow:
    """Dependency that gives the Context to callers holding `permission` and refuses others (403)."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    # async: FastAPI would run a plain function in a thread, which costs more than the rest of a small request
    async def __call__(self, request: Request) -> Context:
        context: Context = request.state.context
        self.check(context.actor)
        return context

    def check(self, actor: Actor) -> None:
        """Raises Forbidden."""
        if not actor.may(self.permission):
            raise Forbidden(f"needs the permission {self.permission}")


def query_of(actor: Actor, request: Request) -> ScopeQuery:
    """How the caller's record scope of today is found."""
    state = request.app.state
    return scope_query(actor, state.reaches, business_date(state.runtime.settings.timezone))


def visible(context: Context) -> ScopeQuery:
    """The caller's record scope as a part of a statement."""
    return query_of(context.actor, context.request)


async def scope_of(context: Context) -> Scope:
    """The caller's record scope as a value."""
    return context.scope or await resolve_scope(context.tx, visible(context))


def permissions_of(roles: frozenset[str], table: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Union of what the caller's roles allow."""
    granted: frozenset[str] = frozenset()
    for role in roles:
        granted |= table.get(role, frozenset())
    return granted


def etag(version: int) -> str:
    """Strong ETag of a version."""
    return f'"{version}"'


async def if_match(
    header: Annotated[str | None, Header(alias="If-Match", description="ETag last read", max_length=64)] = None,
) -> int:
    """The version a change is based on: 428 when absent, 412 when it cannot match."""
    if header is None:
        raise VersionRequired()
    if not (found := _VERSION.fullmatch(header.strip())):
        raise VersionMismatch("If-Match is not an ETag of this resource")
    return int(found[1] or found[2])


IfMatch = Annotated[int, Depends(if_match)]


def answer_headers(version: int | None = None, location: str | None = None) -> dict[str, Any]:
    """ETag and Location headers."""
    headers: dict[str, Any] = {}
    if version is not None:
        headers["ETag"] = etag(version)
    if location is not None:
        headers["Location"] = location
    return headers
