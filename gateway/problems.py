"""The refusals of the gateway itself, as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.web.problems import problem, problem_response

PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed-request": (400, "The request is malformed"),
    "unauthenticated": (401, "A valid bearer token is needed"),
    "not-found": (404, "Not found"),
    "request-timeout": (408, "The request did not arrive in time"),
    "body-too-large": (413, "The request body is too large"),
    "uri-too-long": (414, "The request target is too long"),
    "too-many-requests": (429, "Too many requests; try again later"),
    "headers-too-large": (431, "The headers are too many or too large"),
    "internal": (500, "Something went wrong here"),
    "upstream-broken": (502, "The service gave no valid answer"),
    "overloaded": (503, "The service is busy; try again shortly"),
    "upstream-unavailable": (503, "The service cannot be reached now"),
    "issuer-unavailable": (503, "The issuer's keys cannot be obtained now"),
    "upstream-timeout": (504, "The service did not answer in time"),
}
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="crmesh"'}, 408: {"Connection": "close"}, 503: {"Retry-After": "1"}}


class Refusal(Exception):
    """The gateway answers by itself: `code` is one of PROBLEMS, `headers` go with the answer."""

    def __init__(self, code: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.headers = code, detail, dict(headers or {})


class UpstreamError(Exception):
    """The service gave no usable answer, or broke it off; `code` is the problem's."""

    code = "upstream-broken"


class UpstreamUnavailable(UpstreamError):
    """No connection: the request was not sent."""

    code = "upstream-unavailable"


async def send_problem(
    scope: Scope, receive: Receive, send: Send, code: str, detail: str = "", headers: Mapping[str, str] | None = None
) -> None:
    """Answers with the problem `code`, which is one of PROBLEMS."""
    await _response(code, detail, headers)(scope, receive, send)


async def on_refusal(_request: Request, error: Exception) -> Response:
    """The answer of an endpoint of the gateway that refuses."""
    assert isinstance(error, Refusal)
    return _response(error.code, error.detail, error.headers)


def _response(code: str, detail: str, headers: Mapping[str, str] | None) -> Response:
    status, title = PROBLEMS[code]
    added = _HEADERS.get(status, {}) | dict(headers or {})
    return problem_response(problem(status, code, title, detail), added)
