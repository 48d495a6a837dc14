"""The application factory of a service: error handlers, ids, limits, health, metrics, OpenAPI."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kit.lookout import Lookout
from kit.runtime import Runtime
from kit.security.principals import Reach
from kit.telemetry.metrics import MetricsMiddleware
from kit.transitions import text_of_move
from kit.web import bounds, problems
from kit.web.health import ServiceHealth
from kit.web.middleware import EdgeMiddleware
from kit.web.problems import MEDIA_TYPE, Problem
from kit.web.routes import RouteIndex

_MAKING = threading.Lock()
_PROBLEMS = {
    401: "No valid token",
    403: "The role does not allow this",
    422: "The shape is wrong, or a reference is unknown",
    503: "The service is busy or cannot work now; try again",
}
_QUERY_PROBLEMS = {400: "Unknown or malformed query"}
_WRITE_PROBLEMS = {
    409: "The state does not allow this, or a request with the same key is in flight",
    413: "The body is too large",
    415: "The body is not JSON",
}
_HEADERS = {
    "ETag": {"description": "The version, to be sent as If-Match", "schema": {"type": "string"}},
    "Link": {"description": "rel=next, unless this is the last page", "schema": {"type": "string"}},
    "Location": {"description": "Where the job is", "schema": {"type": "string"}},
}
_HEADER_OF_FIELD = {"version": "ETag", "next_cursor": "Link"}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key gives one effect and one answer for 24 hours",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
}


def create_service_app(
    runtime: Runtime,
    *,
    title: str,
    description: str,
    routers: Iterable[APIRouter],
    permissions: Mapping[str, frozenset[str]],
    reaches: Mapping[str, Reach] = MappingProxyType({}),
    lifespan: Any | None = None,
) -> FastAPI:
    """A service's HTTP door; `permissions` maps role -> what it may do here, `reaches` role -> whose records."""
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # see _openapi
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # those of kit.telemetry
    )
    app.state.runtime = runtime
    app.state.lookout = Lookout()
    app.state.permissions = permissions
    app.state.reaches = reaches
    app.state.filled = set()  # projections that stand for good: see kit.web.context.Allow
    app.state.health = health = ServiceHealth(runtime)
    problems.install(app)
    app.add_middleware(MetricsMiddleware, metrics=runtime.metrics)
    app.add_middleware(EdgeMiddleware, service=runtime.service)
    for router in routers:
        app.router.routes.extend(router.routes)
    app.router.routes.extend(health.routes())
    app.router.routes.append(Route("/openapi.json", partial(_show_openapi, app), include_in_schema=False))
    app.router.routes.insert(0, RouteIndex(app.routes))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def _show_openapi(app: FastAPI, _request: Request) -> Response:
    document = await asyncio.to_thread(app.openapi)
    return Response(orjson.dumps(document), media_type="application/json")


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document of hundreds of operations takes seconds: it is made when it is first asked for, beside requests."""
    with _MAKING:
        return _made_openapi(app)


def _made_openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        components = schema.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
        schema["tags"] = _tags(app)
        for path, operations in schema.get("paths", {}).items():
            for method, operation in operations.items():
                _document(path, method, operation)
                _document_headers(operation, schemas)
        bounds.complete(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _tags(app: FastAPI) -> list[dict[str, str]]:
    """A tag of each slice, described by the first line of the module that has most of its routes."""
    modules: dict[str, Counter[str]] = {}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for tag in route.tags:
                modules.setdefault(str(tag), Counter())[route.endpoint.__module__] += 1
    found = {tag: sys.modules[counted.most_common(1)[0][0]].__doc__ or "" for tag, counted in modules.items()}
    return [{"name": tag, "description": text.partition("\n")[0]} for tag, text in found.items()]


def _document(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add security, the problems every operation may answer with, and Idempotency-Key."""
    is_public = operation.setdefault("security", [{"bearer": []}]) == []
    if (move := operation.get("x-transition")) is not None:
        operation["description"] = f"{operation.get('description', '')}\n\n{text_of_move(move)}".strip()
    parameters = operation.setdefault("parameters", [])
    found = _PROBLEMS | ({} if method == "get" else _WRITE_PROBLEMS)
    if is_public:
        found = {status: text for status, text in found.items() if status not in (401, 403)}
    if method == "get" or any(p.get("in") == "query" for p in parameters):
        found |= _QUERY_PROBLEMS
    if "{" in path:
        found[404] = "Unknown, or not visible to the caller"
    for parameter in parameters:
        if parameter.get("name") == "If-Match":
            parameter |= {"required": True, "schema": {"type": "string", "maxLength": 1000}}
    if any(p.get("name") == "If-Match" for p in parameters):
        found |= {412: "If-Match names another version", 428: "If-Match is missing"}
    if method != "get" and not is_public:
        parameters.append(_KEY_PARAMETER)
    answers = operation.setdefault("responses", {})
    answers.pop("422", None)
    for status, text in sorted(found.items()):
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers.setdefault(str(status), {"description": text, "content": content})


def _document_headers(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """ETag where the answer has a version, Link where it is a page, Location where something was made."""
    for status, answer in operation["responses"].items():
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        fields = schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        found = {name for field, name in _HEADER_OF_FIELD.items() if field in fields}
        if status == "202":
            found.add("Location")
        if status.startswith("2") and found:
            answer["headers"] = {name: _HEADERS[name] for name in sorted(found)}


def operations(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of every documented route."""
    return {(method.upper(), path) for path, methods in _openapi(app).get("paths", {}).items() for method in methods}
