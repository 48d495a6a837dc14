"""Removes personal and secret data from log entries, by the name of a field and by the look of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from uuid import UUID

from structlog.typing import EventDict, WrappedLogger

from kit.security.pii import is_sensitive

REDACTED = "[redacted]"
MAX_DEPTH = 8

_AT = ("@", "＠", "%40")
# every maximal run matches at once, so the time is linear in the length of the text
_RUN = re.compile(r'[^\s"<>,;:()\[\]\\]+')
_QUOTED_LOCAL = re.compile(r'"[^"\n]{1,100}"(?:@|＠|%40)', re.IGNORECASE)
_CREDENTIALS = re.compile(r"\b(bearer|basic|dpop)(\s+|%20|\+)[^\s\"',;]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?")
_ASSIGNED = re.compile(
    r"\b(\w*(?:password|passwd|secret|token|api_?key))(\"?\s*[=:]\s*\"?)[^\s\"',;&}]+", re.IGNORECASE
)
_PHONE = re.compile(
    r"""\+\d(?:[\s().-]{0,2}\d){6,14}                               # E.164, written with any usual separators
    | (?<![\w.-])(?:
        00\d(?:[\s().-]{0,2}\d){6,14}
      | \(?0?\d{2,4}\)?[\s.-]\d{3,4}[\s.-]\d{3,4}                   # 555-123-4567, (020) 7946 0958
      | 1[3-9]\d{9}                                                 # mainland China mobile
      | 0\d(?:[\s.-]\d{2}){4}                                       # 01 23 45 67 89
    )(?![\w-]|\.\d)""",
    re.VERBOSE | re.ASCII,
)

_sensitive = lru_cache(maxsize=4096)(is_sensitive)


def scrub_text(text: str) -> str:
    """The text without e-mail addresses, phone numbers and credentials (when in doubt, more is removed)."""
    if any(mark in text for mark in _AT):
        text = _QUOTED_LOCAL.sub("@", text)
        text = _RUN.sub(lambda run: "[email]" if any(mark in run[0] for mark in _AT) else run[0], text)
    text = _CREDENTIALS.sub(rf"\1 {REDACTED}", text)
    text = _JWT.sub(REDACTED, text)
    text = _ASSIGNED.sub(rf"\1\2{REDACTED}", text)
    return _PHONE.sub("[phone]", text)


def scrub(value: object, depth: int = 0) -> object:
    """The value with sensitive fields blanked and texts scrubbed; unknown objects become scrubbed text."""
    if value is None or isinstance(value, bool | int | float | UUID | date | timedelta):
        return value
    if isinstance(value, str):
        return scrub_text(value)
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            return {
                scrub_text(str(key)): REDACTED if item is not None and _sensitive(str(key)) else scrub(item, depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [scrub(item, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray):
        return scrub_text(bytes(value).decode("utf-8", "replace"))
    return scrub_text(str(value))


def scrub_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """structlog processor; the last one before rendering, so that it sees tracebacks and bound values."""
    return {key: REDACTED if value is not None and _sensitive(key) else scrub(value) for key, value in event.items()}
