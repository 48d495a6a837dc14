"""What a request handler works with: the transaction, the caller, the versions named in headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import StringConstraints

from kit.db.database import Tx
from kit.errors import Forbidden
from kit.events.projections import require_filled
from kit.security.principals import Actor, Scope, ScopeQuery
from kit.versions import Versions, read_if_match
from kit.work import Work

if TYPE_CHECKING:
    from kit.runtime import Runtime


IfMatchLine = Annotated[str, StringConstraints(max_length=1000)]


@dataclass(slots=True, kw_only=True)
class Context(Work):
    """Handed to endpoints; `tx` commits after the endpoint has made its answer and before it is sent."""

    runtime: Runtime
    request: Request


def context_of(request: Request, tx: Tx, actor: Actor, scope: Scope | None = None) -> Context:
    """The context of a request; `scope` is its caller's record scope where it is known already."""
    state = request.app.state
    return Context(
        tx=tx,
        actor=actor,
        service=state.runtime.service,
        settings=state.runtime.settings,
        reaches=state.reaches,
        known_scope=scope,
        runtime=state.runtime,
        request=request,
    )


class Allow:
    """Dependency that gives the Context to callers holding `permission` and refuses others (403); None is anybody
    with a token. `reads` are projections that the answers are read from: while one of them has never been filled, the
    answer is 503 `projection-building`.

    `personal`: answers may hold personal values. Reading leaves a trace, so its transaction may write; an answer that
    is kept for its Idempotency-Key is sealed.

    `public`: anybody at all, without a token; one that is sent is not looked at, and no Idempotency-Key either (keys of
    strangers would meet). The gateway lets through without a token what its route table says, nothing else.
    """

    def __init__(
        self, permission: str | None, reads: Sequence[str] = (), *, personal: bool = False, public: bool = False
    ) -> None:
        if public and permission is not None:
            raise ValueError("who is not asked for a token has no permission")
        self.permission = permission
        self.reads = tuple(reads)
        self.personal = personal
        self.public = public

    # async: FastAPI would run a plain function in a thread, which costs more than the rest of a small request
    async def __call__(self, request: Request) -> Context:
        context: Context = request.state.context
        self.check(context.actor)
        filled: set[str] = request.app.state.filled
        if not filled.issuperset(self.reads) and await require_filled(context.tx, self.reads):
            filled.update(self.reads)
        return context

    def check(self, actor: Actor) -> None:
        """Raises Forbidden."""
        if self.permission is not None and not actor.may(self.permission):
            raise Forbidden(f"needs the permission {self.permission}")


def visible(context: Context) -> ScopeQuery:
    """The caller's record scope as a part of a statement."""
    return context.visible


async def scope_of(context: Context) -> Scope:
    """The caller's record scope as a value."""
    return await context.scope()


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
    header: Annotated[
        list[IfMatchLine] | None, Header(alias="If-Match", description="ETags, one of which must be the present one")
    ] = None,
) -> Versions:
    """The versions a change may be based on: 428 without the header, 412 when it can match nothing."""
    return read_if_match(header or ())


IfMatch = Annotated[Versions, Depends(if_match)]


def answer_headers(version: int | None = None, location: str | None = None) -> dict[str, Any]:
    """ETag and Location headers."""
    headers: dict[str, Any] = {}
    if version is not None:
        headers["ETag"] = etag(version)
    if location is not None:
        headers["Location"] = location
    return headers
