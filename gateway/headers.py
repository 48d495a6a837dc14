"""What passes the gateway and what does not: host, path and header rules (RFC 9110 section 7.6, RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from kit.telemetry.tracing import TraceParent, random_hex

Headers = list[tuple[bytes, bytes]]
Values = dict[bytes, list[bytes]]

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding"
    b" upgrade http2-settings expect".split()
)
# Names by which servers and frameworks are told who calls; only the gateway may say that.
_SPOOFABLE = frozenset(
    b"forwarded x-real-ip x-client-ip x-cluster-client-ip true-client-ip remote-user x-subject x-roles x-original-url"
    b" x-rewrite-url x-http-method-override x-request-timeout-ms x-request-id traceparent tracestate host".split()
)
_SPOOFABLE_PREFIXES = (b"x-forwarded-", b"x-crmesh-", b"x-auth-", b"x-user", b"x-remote-")
_NEVER_UP = HOP_BY_HOP | _SPOOFABLE
_NEVER_DOWN = HOP_BY_HOP | {b"date", b"server", b"x-request-id", b"ratelimit", b"ratelimit-policy"}

_NEVER_NAMED = frozenset(
    b"accept accept-encoding authorization content-encoding content-type cookie idempotency-key if-match if-none-match"
    b" origin".split()
)
"""Headers that decide what a request does; named in Connection they would be gone behind the gateway."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_FORBIDDEN_IN_PATH = re.compile(rb"[\x00-\x1f\x7f\\]")


class MalformedRequest(Exception):
    """The request must not be passed on; the text says why."""


class RequestContext(NamedTuple):
    """Identifiers of one request as the gateway knows them; `values` are its headers by name."""

    request_id: bytes
    trace: TraceParent
    tracestate: bytes | None
    values: Values


def by_name(headers: Iterable[tuple[bytes, bytes]]) -> Values:
    """All values of every header, in order. Names in ASGI scopes are lower case."""
    values: Values = {}
    for name, value in headers:
        if name in values:
            values[name].append(value)
        else:
            values[name] = [value]
    return values


def trace_of(values: Values) -> str | None:
    """The caller's traceparent, when given once."""
    parents = values.get(b"traceparent", [])
    return parents[0].decode("latin-1") if len(parents) == 1 else None


def context_of(values: Values, trace: TraceParent) -> RequestContext:
    """Keeps the caller's request id when well formed and given once; tracestate only with the trace it belongs to."""
    ids, states = values.get(b"x-request-id", []), values.get(b"tracestate", [])
    keeps_id = len(ids) == 1 and _REQUEST_ID.fullmatch(ids[0])
    is_continued = states and trace.trace_id in (trace_of(values) or "")
    return RequestContext(
        ids[0] if keeps_id else random_hex(16).encode(), trace, b",".join(states) if is_continued else None, values
    )


def check_request(scope: Scope, values: Values) -> None:
    """Raises MalformedRequest for hosts and paths that two servers could read in two ways."""
    hosts = values.get(b"host", [])
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise MalformedRequest("Exactly one valid Host header is needed")
    raw_path: bytes = scope.get("raw_path") or b""
    if not raw_path.startswith(b"/") or not raw_path.isascii() or not scope["query_string"].isascii():
        raise MalformedRequest("The request target must be a path in ASCII")
    decoded = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
    if (decoded is not raw_path and b"%2f" in raw_path.lower()) or _FORBIDDEN_IN_PATH.search(decoded):
        raise MalformedRequest("The path has an encoded slash, a backslash or a control character")
    if b"/." in decoded and any(segment in (b".", b"..") for segment in decoded.split(b"/")):
        raise MalformedRequest("The path has a dot segment")
    if b"connection" in values and (named := _named_in_connection(values) & _NEVER_NAMED):
        raise MalformedRequest(f"Connection names {min(named).decode()}, which is no hop-by-hop header")
    for name, value in scope["headers"]:
        if not value.isascii():
            try:
                value.decode()
            except UnicodeDecodeError:
                raise MalformedRequest(f"The header {name.decode('latin-1')} is not text") from None


def to_upstream(scope: Scope, context: RequestContext, timeout_seconds: float) -> Headers:
    """The client's headers without hop-by-hop and spoofable ones, and the gateway's own instead."""
    dropped = _NEVER_UP | _named_in_connection(context.values) if b"connection" in context.values else _NEVER_UP
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name not in dropped and not name.startswith(_SPOOFABLE_PREFIXES)
    ]
    client = scope.get("client")
    kept += (
        (b"x-forwarded-for", client[0].encode() if client else b"unknown"),
        (b"x-forwarded-proto", scope["scheme"].encode()),
        (b"x-forwarded-host", context.values[b"host"][0]),
        (b"x-request-id", context.request_id),
        (b"x-request-timeout-ms", b"%d" % max(1, int(timeout_seconds * 1000))),
        (b"traceparent", str(context.trace).encode()),
    )
    if context.tracestate is not None:
        kept.append((b"tracestate", context.tracestate))
    return kept


def to_client(headers: Headers) -> Headers:
    """The service's headers (lower-case names) without hop-by-hop ones and those that the gateway or the server in
    front sets."""
    named = [value for name, value in headers if name == b"connection"]
    dropped = _NEVER_DOWN | _named_in_connection({b"connection": named}) if named else _NEVER_DOWN
    return [header for header in headers if header[0] not in dropped]


def _named_in_connection(values: Values) -> set[bytes]:
    # a request framed by its length must not lose that header to a name in Connection
    framing = {b"content-length", b"host"}
    return {token.strip().lower() for value in values[b"connection"] for token in value.split(b",")} - framing
