"""Overviews: one answer made of several operations of a service, each as it answers this caller.

A part is the route itself, with its permission, its record scope and its query, worked on the connection of the
request: what it answers alone and as a part cannot differ. One that fails or is refused leaves the others as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, cast
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.datastructures import QueryParams
from starlette.responses import Response

from kit.db.database import Row, Tx
from kit.db.pool import Connection
from kit.web.context import Context
from kit.web.deadline import DeadlineExceeded, seconds_of
from kit.web.routes import TransactionRoute

SHARE = 0.9
"""Of the time that the caller waits: parts that are not done then are left out, and the others are in time."""


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


def state_of(status: int) -> PartState:
    """What an answer with this status makes of a part."""
    if status >= 500 or status == 429:
        return PartState.UNAVAILABLE
    if status == 200:
        return PartState.OK
    return PartState.REFUSED if status in (401, 403) else PartState.ABSENT


class _Once:
    """A connection of statements that read: one that several parts ask for, of the same values, is worked once, and all
    of them see the same rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str, str], Any] = {}

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """All rows, in a list of the caller's own."""
        return list(await self._once("fetch", sql, args))

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        return cast(Row | None, await self._once("fetchrow", sql, args))

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self._once("fetchval", sql, args)

    async def _once(self, method: str, sql: str, args: tuple[object, ...]) -> Any:
        key = (method, sql, repr(args))
        if key not in self._known:
            self._known[key] = await getattr(self._connection, method)(sql, *args)
        return self._known[key]


class Operation:
    """GET `path`?`query` of a router; a value of the query may name a part of the path in braces."""

    def __init__(self, router: APIRouter, path: str, query: Mapping[str, str] | None = None) -> None:
        routes = (one for one in router.routes if isinstance(one, TransactionRoute))
        self.route = next(one for one in routes if one.path == path and "GET" in (one.methods or ()))
        needs = self.route.dependant
        if needs.dependencies or needs.header_params or needs.cookie_params or needs.body_params:
            raise ValueError(f"{path} takes more than its path and its query")
        if self.route.allow is None or self.route.allow.personal:
            raise ValueError(f"reading {path} leaves a trace, or asks for no permission")
        self._query = dict(query or {})

    def text(self) -> str:
        """The operation, for the description of the part."""
        query = "&".join(f"{name}={value}" for name, value in self._query.items())
        return f"GET {self.route.path}{'?' if query else ''}{query}"

    def model(self) -> type[Part]:
        """The schema of the part."""
        schema = cast(type[BaseModel], self.route.response_model)
        data: Any = (schema | None, ...)
        return create_model(f"{schema.__name__}Part", __base__=Part, __doc__=Part.__doc__, data=data)

    async def answer(self, work: Context, values: Mapping[str, str]) -> Response:
        """What the route answers to the caller of `work`, a refusal or a failure as the problem that it would be."""
        request = _asking(work.request, self.route.path.format(**values), self._query, values)
        request.state.context = replace(work, request=request)
        try:
            return await self._called(request)
        except Exception as error:
            handlers = request.app.exception_handlers
            handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
            return cast(Response, await handler(request, error))

    async def _called(self, request: Request) -> Response:
        needs = self.route.dependant
        found, errors = request_params_to_args(needs.path_params, request.path_params)
        asked, wrong = request_params_to_args(needs.query_params, request.query_params)
        if errors or wrong:
            raise RequestValidationError([*errors, *wrong])
        if needs.request_param_name:
            found[needs.request_param_name] = request
        return cast(Response, await self.route.endpoint(**found, **asked))


def _asking(request: Request, path: str, query: Mapping[str, str], values: Mapping[str, str]) -> Request:
    """The request as if it asked for `path`?`query`."""
    named = {name: value.format(**values) for name, value in query.items()}
    params = QueryParams(urlencode(named))
    asked = {"path": path, "query_string": str(params).encode(), "path_params": dict(values), "state": {}}
    return Request({**request.scope, **asked}, request.receive)


def overview_of(name: str, text: str, parts: Mapping[str, Operation], **fields: Any) -> type[BaseModel]:
    """The schema of an overview: `fields` and its parts."""
    of_parts = {part: (one.model(), Field(description=f"`{one.text()}`")) for part, one in parts.items()}
    columns: dict[str, Any] = {**fields, **of_parts}
    return create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=text, **columns)


async def overview_answer(
    work: Context, parts: Mapping[str, Operation], values: Mapping[str, str], needs: str | None = None
) -> Response:
    """The overview of what `values` name: all parts, one after the other on one connection. `needs` is the first part
    to be asked for, without which there is no overview: where it finds nothing or leads elsewhere, its answer is this
    one."""
    seconds = seconds_of(work.request)
    until = None if seconds is None else asyncio.get_running_loop().time() + SHARE * seconds
    work = replace(work, tx=Tx(cast(Connection, _Once(work.tx.connection))))
    body: dict[str, Any] = dict(values)
    for name, operation in parts.items():
        try:
            async with asyncio.timeout_at(until):
                answer = await operation.answer(work, values)
        except TimeoutError:
            body[name] = {"state": PartState.UNAVAILABLE, "reason": DeadlineExceeded.code, "data": None}
            continue
        if name == needs and answer.status_code in (307, 404):
            return answer
        body[name] = _part(answer)
    return Response(orjson.dumps(body), media_type="application/json")


def _part(answer: Response) -> dict[str, Any]:
    state = state_of(answer.status_code)
    if state is PartState.OK:
        return {"state": state, "reason": None, "data": orjson.Fragment(answer.body)}
    return {"state": state, "reason": orjson.loads(answer.body).get("code"), "data": None}
