"""Routes that own the transaction: authenticate, read the body, then one transaction per request.

The body is read before a connection is taken (a slow sender holds none). A write commits after the
answer is made and before it is sent; a deadlock or serialisation failure is worked again.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from typing import Any, get_args

import asyncpg
import orjson
from fastapi import APIRouter, Request, params
from fastapi.routing import APIRoute
from starlette.responses import Response

from kit.db.database import Tx
from kit.errors import AppError, Unauthenticated
from kit.security.principals import Scope
from kit.web import idempotency
from kit.web.context import Actor, Allow, Context, permissions_of, query_of
from kit.web.deadline import Deadline

ATTEMPTS = 4
_RETRIED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class Overloaded(AppError):
    code, status, title = "overloaded", 503, "The service is busy; try again shortly"


class UnsupportedMediaType(AppError):
    code, status, title = "unsupported-media-type", 415, "The body must be application/json"


class _Refused(Exception):
    """Carries an answer >= 400 out of the transaction, which is rolled back."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class JsonRequest(Request):
    """Parses JSON strictly (no NaN, no lone surrogates, at most 1024 levels; the last of duplicate names
    counts); raises orjson.JSONDecodeError, which FastAPI makes a validation error."""

    async def json(self) -> Any:
        return orjson.loads(await self.body())


async def authenticate(request: Request) -> Actor:
    """The caller of a request; raises Unauthenticated."""
    runtime = request.app.state.runtime
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send Authorization: Bearer <token>")
    claims = await runtime.verifier.verify(token.strip())
    return Actor(claims.subject, claims.roles, permissions_of(claims.roles, request.app.state.permissions))


class TransactionRoute(APIRoute):
    """A route whose endpoint finds its transaction in `request.state.context`. `allow` is what the caller needs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        seen, self.allow = _with_context(endpoint)
        super().__init__(path, seen, **options)

    def get_route_handler(self) -> Endpoint:
        endpoint = super().get_route_handler()
        read_only = (self.methods or set()) <= {"GET", "HEAD"}
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)

        async def handle(received: Request) -> Response:
            request = JsonRequest(received.scope, received.receive)
            actor = await authenticate(request)
            if read_only:
                return await _read(request, actor, endpoint)
            if takes_json:
                await _require_json(request)
            return await _write(request, actor, endpoint)

        return handle


def _with_context(endpoint: Callable[..., Any]) -> tuple[Callable[..., Any], Allow | None]:
    """The endpoint as FastAPI sees it: with the request where it has a Context from `Allow`, which then is found
    without solving a dependency (a tenth of the time of a small read); and that `Allow`."""
    signature = inspect.signature(endpoint, eval_str=True)
    given = {
        name: found
        for name, parameter in signature.parameters.items()
        for found in (getattr(one, "dependency", None) for one in get_args(parameter.annotation)[1:])
        if isinstance(found, Allow)
    }
    if len(given) != 1:
        return endpoint, None
    ((name, allow),) = given.items()

    @wraps(endpoint)
    async def called(**values: Any) -> Any:
        values[name] = await allow(values[name])
        return await endpoint(**values)

    parameters = dict(signature.parameters)
    parameters[name] = parameters[name].replace(annotation=Request)
    called.__signature__ = signature.replace(parameters=list(parameters.values()))  # type: ignore[attr-defined]
    return called, allow


async def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json and await request.body():
        raise UnsupportedMediaType()


async def _read(request: Request, actor: Actor, endpoint: Endpoint) -> Response:
    runtime = request.app.state.runtime
    async with Deadline(request), runtime.db.reading() as tx:
        request.state.context = Context(tx, actor, runtime, request)
        return await endpoint(request)


async def _write(request: Request, actor: Actor, endpoint: Endpoint) -> Response:
    body = await request.body()
    keys = request.headers.getlist("idempotency-key")
    keyed = None
    if keys:
        url = request.url
        keyed = idempotency.keyed_request(actor.subject, request.method, url.path, url.query, keys, body)

    async def work(tx: Tx) -> Response:
        context = request.state.context = Context(tx, actor, request.app.state.runtime, request)
        if keyed is None:
            return await endpoint(request)
        query = query_of(actor, request)
        stored, members = await idempotency.begin(tx, keyed, query.members(5) or "NULL", query.args)
        if stored is not None:
            return stored
        request.state.context = replace(context, scope=Scope(query.everything, tuple(members or ())))
        response = await endpoint(request)
        if response.status_code < 300:
            idempotency.store(tx, keyed, response)
        return response

    return await in_transaction(request, work)


async def in_transaction(request: Request, work: Callable[[Tx], Awaitable[Response]]) -> Response:
    """Run `work` in a write transaction, again after a deadlock; 503 when locks stay taken."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with Deadline(request) as deadline, request.app.state.runtime.db.transaction() as tx:
                response = await work(tx)
                if response.status_code >= 400:
                    raise _Refused(response)
                deadline.lift()
                return response
        except _Refused as refused:
            return refused.response
        except (*_RETRIED, asyncpg.UniqueViolationError) as error:
            if isinstance(error, asyncpg.UniqueViolationError) and not idempotency.is_race(error):
                raise
            if attempt == ATTEMPTS:
                raise Overloaded(headers={"Retry-After": "1"}) from None
            await asyncio.sleep(random.uniform(0.02, 0.1) * attempt)  # at once, the same two would meet again
        except asyncpg.LockNotAvailableError:
            raise Overloaded(headers={"Retry-After": "1"}) from None
    raise AssertionError("unreachable")


def router(tag: str) -> APIRouter:
    """A router of a slice; its endpoints run in transactions."""
    return APIRouter(route_class=TransactionRoute, tags=[tag], generate_unique_id_function=lambda route: route.name)
