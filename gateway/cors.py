"""Cross-origin calls of browsers (Fetch standard, 3.2). Tokens travel in a header, so no cookies are allowed."""

from __future__ import annotations

from gateway.compression import vary
from gateway.headers import Headers, Values

_MAX_AGE_SECONDS = 600
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = (
    b"authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, traceparent, tracestate,"
    b" x-request-id"
)
_ANSWER_HEADERS = b"ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"


class Cors:
    """`origins`: those that may call, comma-separated; `*` is every one, empty turns it off."""

    def __init__(self, origins: str) -> None:
        self._origins = {origin.strip().rstrip("/").lower().encode() for origin in origins.split(",") if origin.strip()}
        self.is_on = bool(self._origins)

    def is_preflight(self, method: str, values: Values) -> bool:
        """Whether the request only asks what it may send; it carries no token and is answered at the edge."""
        return self.is_on and method == "OPTIONS" and b"origin" in values and b"access-control-request-method" in values

    def preflight_headers(self, values: Values) -> Headers:
        """What may be sent; nothing for an origin that may not (the browser then refuses by itself)."""
        if not self._allowed(values):
            return []
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", b"%d" % _MAX_AGE_SECONDS),
        ]

    def on_answer(self, headers: Headers, values: Values) -> Headers:
        """The headers of an answer with those that let a browser's script read it."""
        kept = [header for header in headers if not header[0].startswith(b"access-control-allow-origin")]
        origin = self._allowed(values)
        if origin:
            kept += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _ANSWER_HEADERS)]
        return kept if b"*" in self._origins else vary(kept, b"origin")

    def _allowed(self, values: Values) -> bytes:
        if b"*" in self._origins:
            return b"*"
        given = values.get(b"origin", ())
        return given[0] if len(given) == 1 and given[0].lower() in self._origins else b""
