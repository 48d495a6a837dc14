"""One answer out of several: its parts are asked for side by side, and each says how it went."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Header, Request
from fastapi.params import Depends as Dependency
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model
from starlette.responses import Response

from gateway.auth import authenticate
from gateway.compose.calls import Reply, Services
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.security.tokens import TokenVerifier
from kit.web.problems import MEDIA_TYPE

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


class PartState(StrEnum):
    """Answered; refused to the caller; nothing there that the caller sees; no answer in time, or a failure."""

    OK = "ok"
    REFUSED = "refused"
    ABSENT = "absent"
    UNAVAILABLE = "unavailable"


class Part(BaseModel):
    """A part of the answer: what the operation that it names answers to this caller. Without it `data` is null, and
    `reason` is the code of the problem."""

    model_config = ConfigDict(extra="forbid")

    state: PartState
    reason: Annotated[str, Field(max_length=200)] | None


class Source(NamedTuple):
    """Where a part comes from: GET `path`?`query` of a service, which answers with `schema`; both may name values in
    braces."""

    service: str
    path: str
    schema: str
    query: Mapping[str, str] = {}

    def text(self) -> str:
        """The operation, for the description of the part."""
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"GET {self.path}{'?' if query else ''}{query}"


def part_model(source: Source) -> type[Part]:
    """The schema of a part."""
    shape = {"anyOf": [{SCHEMA_OF: f"{source.service}.{source.schema}"}, {"type": "null"}]}
    data: Any = (Annotated[dict[str, Any] | None, WithJsonSchema(shape)], ...)
    return create_model(f"{source.schema}Part", __base__=Part, __doc__=Part.__doc__, data=data)


def fields_of(sources: Mapping[str, Source]) -> dict[str, Any]:
    """Fields of an answer, one for each part."""
    return {name: (part_model(source), Field(description=f"`{source.text()}`")) for name, source in sources.items()}


def admission(verifier: TokenVerifier, limits: RateLimits) -> Dependency:
    """Dependency of a route: its caller is known and within the limit, before anything else is looked at."""

    async def admit(request: Request) -> None:
        state = request.state
        claims = await authenticate(verifier, state.context.values)
        state.answer.principal = claims.subject
        state.answer.headers += limits.admit(claims.subject)

    found: Dependency = Depends(admit)
    return found


async def ask(
    services: Services,
    sources: Mapping[str, Source],
    values: Mapping[str, str],
    context: RequestContext,
    seconds: float | None = None,
) -> dict[str, Reply | None]:
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
        for source in sources.values()
    )
    return dict(zip(sources, await asyncio.gather(*calls), strict=True))


def part_of(reply: Reply | None) -> dict[str, Any]:
    """A part as it is shown."""
    if reply is None or reply.status >= 500 or reply.status == 429:
        reason = reply.data.get("code") if reply and isinstance(reply.data, dict) else "upstream-unavailable"
        return {"state": PartState.UNAVAILABLE, "reason": reason, "data": None}
    if reply.status == 200:
        return {"state": PartState.OK, "reason": None, "data": reply.data}
    state = PartState.REFUSED if reply.status in (401, 403) else PartState.ABSENT
    return {"state": state, "reason": reply.data.get("code"), "data": None}


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
