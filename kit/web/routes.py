"""Routes that own the transaction: authenticate, read the body, then one transaction per request.

The body is read before a connection is taken (a slow sender holds none). A write commits after the
answer is made and before it is sent; a deadlock or serialisation failure is worked again.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, get_args

import asyncpg
import orjson
from fastapi import APIRouter, Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from kit.db.database import Tx
from kit.errors import AppError, Unauthenticated
from kit.security.cipher import answer_key
from kit.security.principals import ANONYMOUS, Actor, Scope
from kit.web import idempotency
from kit.web.context import Allow, context_of, permissions_of
from kit.web.deadline import Deadline
from kit.web.queries import parameters_of, refuse_others

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
        """The decoded body, read once."""
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
        if self.is_public:
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), "security": []}
        super().__init__(path, seen, **options)
        has_grammar = any(one.get("in") == "query" for one in (self.openapi_extra or {}).get("parameters", ()))
        self._known = None if has_grammar or not self._reads() else parameters_of(self.dependant)
        if self._is_plain_read():
            self.app = self._answer

    @property
    def is_public(self) -> bool:
        """Whether it asks nobody for a token."""
        return self.allow is not None and self.allow.public

    async def _caller(self, request: Request) -> Actor:
        """Who calls; raises Unauthenticated."""
        return ANONYMOUS if self.is_public else await authenticate(request)

    def _is_plain_read(self) -> bool:
        """Whether the endpoint takes the request and parts of the path alone and answers itself: FastAPI, which a
        third of the time of a small read went to, then has nothing to do in it."""
        needs = self.dependant
        others = (needs.dependencies, needs.query_params, needs.header_params, needs.cookie_params, needs.body_params)
        return self._reads() and not any(others) and inspect.signature(self.endpoint).return_annotation is Response

    def _is_personal(self) -> bool:
        return self.allow is not None and self.allow.personal

    def _reads(self) -> bool:
        return (self.methods or set()) <= {"GET", "HEAD"}

    async def _answer(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        actor = await self._caller(request)
        self._check(request, actor)
        response = await _read(request, actor, self._called, self._is_personal())
        await response(scope, receive, send)

    def _check(self, request: Request, actor: Actor) -> None:
        """Raises Forbidden, and BadQuery for a parameter that a read does not know; a list looks at them itself."""
        if self.allow is not None:
            self.allow.check(actor)
        if self._known is not None and request.scope["query_string"]:
            refuse_others(request, self._known)

    async def _called(self, request: Request) -> Response:
        values: dict[str, Any] = {}
        for field in self.dependant.path_params:
            value, errors = field.validate(request.path_params[field.alias], loc=("path", field.alias))
            if errors:
                raise RequestValidationError(errors)
            values[field.name] = value
        if self.dependant.request_param_name:
            values[self.dependant.request_param_name] = request
        response: Response = await self.endpoint(**values)
        return response

    def get_route_handler(self) -> Endpoint:
        """The handler that FastAPI asks for."""
        endpoint = super().get_route_handler()
        read_only, is_personal = self._reads(), self._is_personal()
        takes_json = self.body_field is not None and not isinstance(self.body_field.field_info, params.Form)

        async def handle(received: Request) -> Response:
            request = JsonRequest(received.scope, received.receive)
            actor = await self._caller(request)
            self._check(request, actor)  # before the body is looked at, and an answer that is kept is given again
            if read_only:
                return await _read(request, actor, endpoint, is_personal)
            if takes_json:
                await _require_json(request)
            return await _write(request, actor, endpoint, is_personal, self._spelled(request))

        return handle

    def _spelled(self, request: Request) -> str:
        """The path with its ids in the spelling of ours: in capitals or without hyphens it is the same request. A path
        that will be refused stays as it is."""
        values = dict(request.path_params)
        for field in self.dependant.path_params:
            value, errors = field.validate(values[field.alias], loc=("path", field.alias))
            if errors:
                return request.url.path
            values[field.alias] = str(value)
        return self.path_format.format(**values)


class RouteIndex(BaseRoute):
    """Finds the route of a request among those of its method and resource (`/v1/orders`), and answers 405 with all
    methods of a path that has none of that method. Stands before the routes themselves, which answer the rest."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._found: defaultdict[tuple[str, str], list[APIRoute]] = defaultdict(list)
        self._resources: defaultdict[str, list[APIRoute]] = defaultdict(list)
        for route in routes:
            if isinstance(route, APIRoute):
                self._resources[_resource(route.path)].append(route)
                for method in route.methods or ():
                    self._found[method, _resource(route.path)].append(route)

    def matches(self, scope: ASGIScope) -> tuple[Match, ASGIScope]:
        """The match of the first route that matches wholly, else of one that answers which methods there are."""
        if scope["type"] != "http":
            return Match.NONE, {}
        resource = _resource(scope["path"])
        for route in self._found.get((scope["method"], resource), ()):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, child
        others = [route for route in self._resources.get(resource, ()) if route.matches(scope)[0] is not Match.NONE]
        if not others:
            return Match.NONE, {}
        methods = {method for route in others for method in route.methods or ()}
        return Match.FULL, {"route": others[0], "methods": methods | ({"HEAD"} if "GET" in methods else set())}

    async def handle(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        """Hand on to the route found."""
        if (methods := scope.get("methods")) is not None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        await scope["route"].handle(scope, receive, send)


def _resource(path: str) -> str:
    """`/v1/orders` of `/v1/orders/{order_id}/lines`."""
    return path[:end] if (end := path.find("/", path.find("/", 1) + 1)) > 0 else path


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
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("The body must not be compressed")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json and await request.body():
        raise UnsupportedMediaType()


async def _read(request: Request, actor: Actor, endpoint: Endpoint, is_personal: bool) -> Response:
    runtime = request.app.state.runtime
    if is_personal:

        async def work(tx: Tx) -> Response:
            request.state.context = context_of(request, tx, actor)
            return await endpoint(request)

        return await in_transaction(request, work)
    async with Deadline(request), runtime.db.reading() as tx:
        request.state.context = context_of(request, tx, actor)
        return await endpoint(request)


async def _write(request: Request, actor: Actor, endpoint: Endpoint, is_personal: bool, path: str) -> Response:
    body = await request.body()
    keys = [] if actor is ANONYMOUS else request.headers.getlist("idempotency-key")
    keyed = None
    if keys:
        keyed = idempotency.keyed_request(actor.subject, request.method, path, request.url.query, keys, body)
        if is_personal:
            keyed = replace(keyed, cipher=answer_key(request.app.state.runtime.settings))

    async def work(tx: Tx) -> Response:
        context = request.state.context = context_of(request, tx, actor)
        if keyed is None:
            return await endpoint(request)
        query = context.visible
        stored, members = await idempotency.begin(tx, keyed, query.members(5) or "NULL", query.args)
        if stored is not None:
            return stored
        context.known_scope = Scope(query.everything, tuple(members or ()))
        response = await endpoint(request)
        if response.status_code < 300:
            idempotency.store(tx, keyed, response)
        return response

    try:
        return await in_transaction(request, work)
    except AppError:
        if keyed is None or not await _is_answered(request, keyed):
            raise
        return await in_transaction(request, work)


async def _is_answered(request: Request, keyed: idempotency.KeyedRequest) -> bool:
    """Whether the same request has committed after this one looked for its answer."""
    async with request.app.state.runtime.db.reading() as tx:
        return await idempotency.is_answered(tx, keyed)


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
