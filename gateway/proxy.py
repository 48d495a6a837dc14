"""Lets a request through or refuses it: token, rate limit, size, a place on the way to its service."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope

from gateway.answer import Answer
from gateway.auth import authenticate
from gateway.breaker import Lane
from gateway.headers import RequestContext, by_name
from gateway.limits import PublicLimits, RateLimits, address_of
from gateway.passage import Passage
from gateway.problems import Refusal
from gateway.routes import Route
from gateway.upstream import Upstream
from kit.lookout import Lookout
from kit.security.tokens import TokenVerifier

PUBLIC_BODY_BYTES = 1024 * 1024
"""The largest body without a bearer token."""
_OF_THE_CALLER = frozenset({b"authorization", b"cookie", b"idempotency-key"})
"""What a request without a bearer token brings of its sender, and nobody behind the gateway asks for."""


class Proxy:
    """Forwards requests of known routes. Reads no body before the token is verified.

    What its route calls public passes without one, within its own limits; what says who sends it goes no further.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        verifier: TokenVerifier,
        limits: RateLimits,
        public: PublicLimits,
        *,
        trusted_proxies: int,
        max_body_bytes: int,
        most_in_flight: int,
    ) -> None:
        self._upstreams, self._verifier, self._limits = upstreams, verifier, limits
        self._public, self._trusted_proxies = public, trusted_proxies
        self._max_body_bytes = max_body_bytes
        self._lookout = Lookout()
        self.lanes = {service: Lane(most_in_flight) for service in upstreams}

    async def __call__(
        self, scope: Scope, receive: Receive, answer: Answer, *, route: Route, context: RequestContext
    ) -> None:
        """Answers with the service's response or with a problem. Raises Refusal."""
        most = self._max_body_bytes
        secret = route.secret_of(scope["method"], scope["raw_path"].decode("ascii")) if route.public else None
        if secret is not None:
            address = address_of(scope["client"][0] if scope["client"] else "", context.values, self._trusted_proxies)
            answer.headers += self._public.admit(address, secret)
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] not in _OF_THE_CALLER]}
            context = context._replace(values=by_name(scope["headers"]))
            most = min(most, PUBLIC_BODY_BYTES)
        else:
            claims = await authenticate(self._verifier, context.values)
            answer.principal = claims.subject
            answer.headers += self._limits.admit(claims.subject)
        length = context.values.get(b"content-length")
        if length and int(length[0]) > most:
            raise Refusal("body-too-large", f"At most {most} bytes")
        upstream = self._upstreams.get(route.service)
        if upstream is None:
            raise Refusal("upstream-broken")
        lane = self.lanes[route.service]
        if not lane.enter():
            raise Refusal("overloaded")
        try:
            passage = Passage(
                scope,
                receive,
                answer,
                route=route,
                context=context,
                upstream=upstream,
                lane=lane,
                max_body_bytes=most,
            )
            await passage.run(self._lookout)
        finally:
            lane.leave()
