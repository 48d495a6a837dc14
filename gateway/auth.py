"""Who calls: the bearer token of a request, verified once at the edge (every service verifies it again)."""

from __future__ import annotations

from gateway.headers import Values
from gateway.problems import Refusal
from kit.errors import Unauthenticated
from kit.security.tokens import Claims, KeysUnavailable, TokenVerifier


async def authenticate(verifier: TokenVerifier, values: Values) -> Claims:
    """Claims of the request's token. Raises Refusal: 401, or 503 when the issuer's keys cannot be had."""
    given = values.get(b"authorization", ())
    if len(given) != 1:
        raise Refusal("unauthenticated", "Exactly one Authorization header is needed")
    kind, _, token = given[0].decode().partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Refusal("unauthenticated", "A bearer token is needed")
    try:
        return await verifier.verify(token.strip())
    except Unauthenticated as error:
        raise Refusal("unauthenticated", error.detail) from None
    except KeysUnavailable:
        raise Refusal("issuer-unavailable") from None
