"""One answer out of several: its parts are asked for side by side, and each says how it went."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Header, Request
from fastapi.params import Depends as Dependency
from pydantic import Field, WithJsonSchema, create_model
from starlette.responses import Response

from gateway.auth import authenticate
from gateway.compose.calls import Reply, Services
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.security.tokens import TokenVerifier
from kit.web.overviews import Part, PartState, state_of
from kit.web.problems import MEDIA_TYPE
from kit.web.queries import known_only

SCHEMA_OF = "x-schema-of"
"""Stands where the merged document refers to the schema `service.name`."""
BAD_ID = {
    "description": "The shape is wrong",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=1000, description="ETags of answers that the caller has: 304 for these"),
]
UNCHANGED = {"description": "What `If-None-Match` names is still the answer"}


class Source(NamedTuple):
    """Where parts come from: GET `path`?`query` of a service, both of which may name values in braces. It answers with
    `parts` by name, each of the schema given; or it is one part itself, which is `whole`."""

    service: str
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, str] = {}
    whole: bool = False

    def text(self) -> str:
        """The operation, for the description of its parts."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"GET {self.path}{'?' if query else ''}{query}"


def fields_of(sources: Iterable[Source]) -> dict[str, Any]:
    """Fields of an answer, one for each part."""
    return {
        name: (_part_of(source, schema), Field(description=_said(source, name)))
        for source in sources
        for name, schema in source.parts.items()
    }


def _said(source: Source, name: str) -> str:
    return f"`{source.text()}`" if source.whole else f"`{name}` of `{source.text()}`"


def _part_of(source: Source, schema: str) -> Any:
    """The part of a service's own overview, or one around what it answers."""
    if not source.whole:
        return Annotated[dict[str, Any], WithJsonSchema({SCHEMA_OF: f"{source.service}.{schema}Part"})]
    shape = {"anyOf": [{SCHEMA_OF: f"{source.service}.{schema}"}, {"type": "null"}]}
    data: Any = (Annotated[dict[str, Any] | None, WithJsonSchema(shape)], ...)
    return create_model(f"{schema}Part", __base__=Part, __doc__=Part.__doc__, data=data)


def admission(verifier: TokenVerifier, limits: RateLimits) -> Dependency:
    """Dependency of a route: its caller is known and within the limit, and asks for nothing that the route does not
    know, before anything else is looked at."""

    async def admit(request: Request) -> None:
        state = request.state
        claims = state.claims = await authenticate(verifier, state.context.values)
        state.answer.principal = claims.subject
        state.answer.headers += limits.admit(claims.subject)
        await known_only(request)

    found: Dependency = Depends(admit)
    return found


async def ask(
    services: Services,
    sources: Iterable[Source],
    values: Mapping[str, str],
    context: RequestContext,
    seconds: float | None = None,
) -> list[Reply | None]:
    """What each source answers with the caller's token, side by side; None for one that does not in time (what is left
    of it in seconds, where some of it was spent)."""
    calls = (
        services.get(
            source.service,
            source.path.format_map(values),
            urlencode({name: value.format_map(values) for name, value in source.query.items()}),
            context,
            seconds,
        )
        for source in sources
    )
    return [None if reply and _is_older(reply) else reply for reply in await asyncio.gather(*calls)]


def _is_older(reply: Reply) -> bool:
    """Whether a service of the release before answered, which does not know the operation yet."""
    return reply.status == 404 and isinstance(reply.data, dict) and reply.data.get("code") == "not-found"


def parts_of(source: Source, reply: Reply | None) -> dict[str, dict[str, Any]]:
    """The parts of a source as they are shown."""
    if reply is not None and reply.status == 200 and not source.whole:
        return {name: reply.data.get(name) or _part(None) for name in source.parts}
    return {name: _part(reply) for name in source.parts}


def _part(reply: Reply | None) -> dict[str, Any]:
    state = PartState.UNAVAILABLE if reply is None else state_of(reply.status)
    if reply is not None and state is PartState.OK:
        return {"state": state, "reason": None, "data": reply.data}
    reason = reply.data.get("code") if reply and isinstance(reply.data, dict) else "upstream-unavailable"
    return {"state": state, "reason": reason, "data": None}


def composed(body: Mapping[str, Any], if_none_match: str | None) -> Response:
    """The answer with an ETag over all its parts; 304 where the caller has it."""
    content = orjson.dumps(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def passed_on(reply: Reply) -> Response:
    """The problem of the part without which there is no answer."""
    return Response(orjson.dumps(reply.data), status_code=reply.status, media_type=MEDIA_TYPE)
