"""The short way of a request to its route: what FastAPI would do for a `TransactionRoute`, without its generality.

FastAPI stays the owner of routes, parameters, validation and documents; every request this does not serve
(other routes, methods, paths) goes on to it. What is skipped: matching by a scan over every route, two exit
stacks, the solver of dependencies with caches and overrides, parsing of the Content-Type as an e-mail
header. It halves the processor time of a read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, cast, get_type_hints

import orjson
from fastapi import APIRouter, FastAPI, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from starlette.convertors import StringConvertor
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
ErrorHandler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]
Key = tuple[str, int, str]

_LEFT_TO_FASTAPI = (
    "cookie_params",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)


def bind(route: APIRoute) -> Endpoint | None:
    """An endpoint that validates parameters as FastAPI does and calls the route's function; None when the route
    uses more than plain parameters, one JSON body and coroutine dependencies, or does not answer a Response."""
    try:
        answer = get_type_hints(route.endpoint).get("return")
    except NameError:  # a type that exists for the checker only
        answer = None
    is_plain = inspect.isclass(answer) and issubclass(answer, Response) and _is_simple(route.dependant)
    is_form = route.body_field is not None and isinstance(route.body_field.field_info, params.Form)
    if not is_plain or is_form:
        return None
    takes_body, dependant, embed = route.body_field is not None, route.dependant, route._embed_body_fields
    call = cast(Callable[..., Coroutine[Any, Any, Response]], dependant.call)

    async def endpoint(request: Request) -> Response:
        body = await _body(request) if takes_body else PydanticUndefined
        values, errors = await _solve(request, dependant)
        if takes_body:
            found, faults = await request_body_to_args(dependant.body_params, body, embed)
            values.update(found)
            errors.extend(faults)
        if errors:
            raise RequestValidationError(errors, body=None)
        return await call(**values)

    return endpoint


def _is_simple(dependant: Dependant) -> bool:
    if not inspect.iscoroutinefunction(dependant.call) and not inspect.iscoroutinefunction(
        getattr(dependant.call, "__call__", None)  # noqa: B004  # an object with an async __call__
    ):
        return False
    if any(getattr(dependant, name) for name in _LEFT_TO_FASTAPI):
        return False
    return all(_is_simple(part) and not part.body_params for part in dependant.dependencies)


async def _body(request: Request) -> Any:
    """The parsed body; what cannot be parsed is the same validation error that FastAPI makes of it."""
    if not await request.body():
        return PydanticUndefined
    try:
        return await request.json()
    except orjson.JSONDecodeError as error:
        context = {"error": error.msg}
        fault = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "ctx": context}
        raise RequestValidationError([{**fault, "input": {}}]) from error
    except RecursionError as error:
        raise HTTPException(400, "There was an error parsing the body") from error


async def _solve(request: Request, dependant: Dependant) -> tuple[dict[str, Any], list[Any]]:
    """Arguments of a function, those of its dependencies first; faults of all its parameters."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for part in dependant.dependencies:
        arguments, faults = await _solve(request, part)
        if faults:
            errors.extend(faults)
        else:
            solved = await cast(Callable[..., Any], part.call)(**arguments)
            if part.name is not None:
                values[part.name] = solved
    for field in dependant.path_params:  # always one text each: no need to look for lists, models and defaults
        value, faults = field.validate(request.path_params[field.alias], values, loc=("path", field.alias))
        if faults:
            errors.extend(faults)
        else:
            values[field.name] = value
    sources: tuple[tuple[list[Any], Any], ...] = (
        (dependant.query_params, request.query_params if dependant.query_params else None),
        (dependant.header_params, request.headers if dependant.header_params else None),
    )
    for wanted, received in sources:
        if wanted:
            found, faults = request_params_to_args(wanted, received)
            values.update(found)
            errors.extend(faults)
    if dependant.request_param_name is not None:
        values[dependant.request_param_name] = request
    return values, errors


class DirectRoutes:
    """ASGI layer just outside the application's own: finds the route by its words and runs it.

    `routers` are those included in `app` without prefix; a route takes part when it has a `direct` endpoint.
    Routes that could match the same path stand in the order in which FastAPI would try them.
    """

    def __init__(self, app: ASGIApp, owner: FastAPI, routers: Iterable[APIRouter]) -> None:
        self.app = app
        self._owner = owner
        self._routes: dict[Key, list[tuple[APIRoute, Endpoint | None]]] = {}
        for router in routers:
            for route in router.routes:
                if isinstance(route, APIRoute):
                    self._add(route)

    def _add(self, route: APIRoute) -> None:
        words = route.path_format.split("/")
        is_plain = all(isinstance(convertor, StringConvertor) for convertor in route.param_convertors.values())
        endpoint: Endpoint | None = getattr(route, "direct", None) if is_plain and len(words) > 2 else None
        if len(words) > 2 and "{" not in words[2]:
            for method in route.methods or ():
                self._routes.setdefault((method, len(words), words[2]), []).append((route, endpoint))

    def _find(self, scope: Scope) -> tuple[APIRoute, Endpoint, Mapping[str, str]] | None:
        path: str = scope["path"]
        words = path.split("/")
        if len(words) < 3 or scope.get("root_path"):
            return None
        for route, endpoint in self._routes.get((scope["method"], len(words), words[2]), ()):
            matched = route.path_regex.match(path)
            if matched:
                return None if endpoint is None else (route, endpoint, matched.groupdict())
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request or hand it on."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        route, endpoint, given = found
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, dict(given)
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:
            handler = self._handler(type(error))
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)

    def _handler(self, kind: type[Exception]) -> ErrorHandler | None:
        """The application's handler of the nearest class; an error nobody foresaw is left to the outer layer."""
        for one in kind.__mro__:
            if one is not Exception and one in self._owner.exception_handlers:
                return cast(ErrorHandler, self._owner.exception_handlers[one])
        return None
