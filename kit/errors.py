"""Errors are nouns of a fact: a stable code, an HTTP status, and the fields at fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault: JSON pointer into the body (or name of the parameter), code, message."""

    pointer: str
    code: str
    detail: str


class AppError(Exception):
    """Base of every expected refusal; subclasses set `code`, `status` and `title`.

    `extra` becomes members of the problem+json document (for example the candidates of a conflict). `retryable`: the
    same request may succeed later without anybody changing it, or anything the caller can see.
    """

    code: str = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"
    retryable: ClassVar[bool] = False

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
    """`what` is the noun of the resource: the code is `<noun>-not-found`."""

    code, status, title = "not-found", 404, "Not found"

    def __init__(self, detail: str = "", *, what: str = "") -> None:
        super().__init__(detail or (f"No such {what.replace('-', ' ')}" if what else ""))
        self.code = f"{what}-not-found" if what else self.code


class Conflict(AppError):
    code, status, title = "conflict", 409, "The state of the resource does not allow this"


class Taken(Conflict):
    """Another row has this unique value: code `<noun>-<field>-taken`; `conflicting_id` where the caller may see it."""

    title = "Another has this value"

    def __init__(self, what: str, field: str, holder: UUID | None = None) -> None:
        detail = f"another {what.replace('-', ' ')} has this {field.replace('_', ' ')}"
        extra = {"conflicting_id": str(holder)} if holder else {}
        super().__init__(detail, errors=[FieldError(f"/{field}", "taken", detail)], extra=extra)
        self.code = f"{what}-{field.replace('_', '-')}-taken"


class StateConflict(Conflict):
    """The state does not allow an action: code `<noun>-state`, the state and those that allow it."""

    def __init__(self, what: str, action: str, state: str, allowed: Sequence[str]) -> None:
        detail = f"{action} is not possible: the {what.replace('-', ' ')} is in state {state}"
        super().__init__(detail, extra={"state": state, "allowed_states": list(allowed)})
        self.code = f"{what}-state"


class Invalid(AppError):
    """The shape of the request is wrong (422)."""

    code, status, title = "invalid", 422, "The request is not valid"


class LostRace(Conflict):
    """Another transaction was in the way, and is over now."""

    title, retryable = "Another change was in the way; send the request again", True


class UnknownReference(AppError):
    """An id of something that this service itself would own: it does not come by waiting."""

    code, status, title = "unknown-reference", 422, "The request refers to something unknown here"


class NotHeardYet(UnknownReference):
    """An id of something another service owns: the event that tells of it may still be on its way."""

    retryable = True


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
