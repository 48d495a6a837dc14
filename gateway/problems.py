"""The refusals of the gateway itself, as problem+json (RFC 9457)."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from kit.web.problems import problem, problem_response

PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed-request": (400, "The request is malformed"),
    "unauthenticated": (401, "A valid bearer token is needed"),
    "not-found": (404, "Not found"),
    "request-timeout": (408, "The request body did not arrive in time"),
    "body-too-large": (413, "The request body is too large"),
    "internal": (500, "Something went wrong here"),
    "upstream-broken": (502, "The service gave no valid answer"),
    "upstream-unavailable": (503, "The service cannot be reached now"),
    "issuer-unavailable": (503, "The issuer's keys cannot be obtained now"),
    "upstream-timeout": (504, "The service did not answer in time"),
}
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="crmesh"'}, 408: {"Connection": "close"}, 503: {"Retry-After": "1"}}


async def send_problem(scope: Scope, receive: Receive, send: Send, code: str, detail: str = "") -> None:
    """Answers with the problem `code`, which is one of PROBLEMS."""
    status, title = PROBLEMS[code]
    await problem_response(problem(status, code, title, detail), _HEADERS.get(status))(scope, receive, send)
