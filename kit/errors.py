"""Errors are nouns of a fact: a stable code, an HTTP status, and the fields at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault: JSON pointer into the body (or name of the parameter), code, message."""

    pointer: str
    code: str
    detail: str


class AppError(Exception):
    """Base of every expected refusal; subclasses set `code`, `status` and `title`.

    `extra` becomes members of the problem+json document (for example the candidates of a conflict).
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})


class NotFound(AppError):
    code, status, title = "not-found", 404, "Not found"


class Conflict(AppError):
    code, status, title = "conflict", 409, "The state of the resource does not allow this"


class Invalid(AppError):
    """The shape of the request is wrong (422)."""

    code, status, title = "invalid", 422, "The request is not valid"


class UnknownReference(AppError):
    """An id that this service does not know (yet); the caller may send the request again."""

    code, status, title = "unknown-reference", 422, "The request refers to something unknown here"

    def __init__(self, detail: str = "", *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail, errors=errors, extra={"retryable": True})


class Forbidden(AppError):
    code, status, title = "forbidden", 403, "The caller's role does not allow this"


class Unauthenticated(AppError):
    code, status, title = "unauthenticated", 401, "A valid bearer token is needed"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="crmesh"'})


class VersionMismatch(AppError):
    code, status, title = "version-mismatch", 412, "If-Match names another version"


class VersionRequired(AppError):
    code, status, title = "if-match-required", 428, "If-Match with the ETag last read is needed"


class BadQuery(AppError):
    """Unknown or malformed filter, sort, field or cursor (400)."""

    code, status, title = "bad-query", 400, "The query is not valid"


class TransientError(Exception):
    """Raised by a handler when the same message may succeed shortly (it is retried in place)."""
