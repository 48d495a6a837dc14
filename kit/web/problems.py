"""Errors as RFC 9457 problem+json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import asyncpg
import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from kit.db.database import TRANSIENT_ERRORS
from kit.errors import AppError, FieldError
from kit.telemetry.tracing import trace_id

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
PASSING = frozenset({429, 502, 503, 504})
"""Answers whose cause passes by itself."""


class ProblemField(BaseModel):
    """One field at fault."""

    # names of fields come from the body: any character, NUL too
    pointer: str = Field(pattern=r"^[\s\S]*$")
    code: str
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable, `errors` name the fields, `retryable` is true where the same request
    may succeed later, by waiting alone (and absent elsewhere)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] = []
    retryable: bool = False
    trace_id: str


def problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    errors: Sequence[FieldError] = (),
    is_retryable: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The members of a problem document."""
    return {
        "type": f"urn:crmesh:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        "errors": [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors],
        "trace_id": trace_id(),
        **({"retryable": True} if is_retryable or status in PASSING else {}),
        **(extra or {}),
    }


def problem_of(error: AppError) -> dict[str, Any]:
    """The problem document of an expected refusal."""
    return problem(
        error.status,
        error.code,
        error.title,
        error.detail,
        errors=error.errors,
        is_retryable=error.retryable,
        extra=error.extra,
    )


def problem_response(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as an answer."""
    return Response(
        orjson.dumps(body, default=str), status_code=body["status"], media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def pointer_of(location: Sequence[int | str]) -> str:
    """JSON pointer of a pydantic error location; query and header parameters keep their name."""
    parts = [str(part)[:200].replace("~", "~0").replace("/", "~1") for part in location]
    if parts and parts[0] == "body":
        return "".join(f"/{part}" for part in parts[1:])
    return ".".join(parts[1:]) or ".".join(parts)


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's errors without the input (it may be a secret), at most 50."""
    return [_field_error(error) for error in errors[:50]]


def _field_error(error: Mapping[str, Any]) -> FieldError:
    code, location, detail = str(error["type"]).replace("_", "-"), error["loc"], str(error["msg"])
    if (
        code == "json-invalid" and len(location) == 2 and isinstance(location[-1], int)
    ):  # the location ends in the position in the text, which is no field
        detail = f"not JSON at character {location[-1]}: {error['ctx']['error']}"
        location = location[:1]
    return FieldError(pointer_of(location), code, detail[:300])


_TITLES = {404: "Not found", 405: "Method not allowed", 413: "The body is too large", 415: "Unsupported media type"}
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 415: "unsupported-media-type"}


async def _on_app_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return problem_response(problem_of(error), error.headers)


async def _on_validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    in_body = any(e["loc"][:1] == ("body",) for e in found) or any(e["loc"][:1] == ("path",) for e in found)
    if not in_body and any(e["loc"][:1] == ("query",) for e in found):
        return problem_response(problem(400, "bad-query", "The query is not valid", errors=field_errors(found)))
    return problem_response(problem(422, "invalid", "The request is not valid", errors=field_errors(found)))


async def _on_http_exception(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = _TITLES.get(error.status_code, str(error.detail))
    code = _CODES.get(error.status_code, "http-error")
    return problem_response(problem(error.status_code, code, title), error.headers)


async def _on_data_error(_request: Request, error: Exception) -> Response:
    """What passed the schema and PostgreSQL cannot store (a number or text out of its range): the schema should have
    known it."""
    log.error("data_error", error=repr(error), exc_info=error)
    return problem_response(problem(422, "invalid", "The request is not valid", "A value cannot be stored."))


async def _on_integrity_error(_request: Request, error: Exception) -> Response:
    """A constraint that a service did not foresee, possibly deferred to the commit; values stay out of the answer."""
    assert isinstance(error, asyncpg.PostgresError)
    log.warning("integrity_error", error=type(error).__name__, constraint=error.constraint_name)
    detail = f"It breaks the constraint {error.constraint_name}." if error.constraint_name else str(error.args[0])
    if isinstance(error, (asyncpg.CheckViolationError, asyncpg.NotNullViolationError)):
        return problem_response(problem(422, "invalid", "The request is not valid", detail))
    title = "What is stored already does not allow this"
    return problem_response(problem(409, "constraint-violated", title, detail))


async def _on_unavailable(request: Request, error: Exception) -> Response:
    """The database is away, or gave up waiting."""
    if isinstance(error, asyncpg.InterfaceError) and "clos" not in str(error):
        return await _on_unexpected(request, error)
    log.warning("unavailable", error=repr(error))
    body = problem(503, "unavailable", "The service cannot work now; try again shortly")
    return problem_response(body, {"Retry-After": "1"})


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)


async def _on_unexpected(_request: Request, error: Exception) -> Response:
    return unexpected(error)


def unexpected(error: Exception) -> Response:
    """The answer to an error nobody foresaw: it is logged, and says nothing of its cause."""
    log.error("unexpected_error", error=repr(error), exc_info=error)
    return problem_response(problem(500, "internal", "Something went wrong here"))


def install(app: FastAPI) -> None:
    """Register the error handlers of an application."""
    app.add_exception_handler(AppError, _on_app_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(asyncpg.DataError, _on_data_error)
    app.add_exception_handler(asyncpg.ProgramLimitExceededError, _on_data_error)
    app.add_exception_handler(asyncpg.IntegrityConstraintViolationError, _on_integrity_error)
    app.add_exception_handler(asyncpg.RaiseError, _on_integrity_error)
    for transient in TRANSIENT_ERRORS:
        app.add_exception_handler(cast(type[Exception], transient), _on_unavailable)
    app.add_exception_handler(Exception, _on_unexpected)
