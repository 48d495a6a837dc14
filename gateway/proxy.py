"""Lets a request through or refuses it: token, rate limit, size, a place on the way to its service."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope

from gateway.answer import Answer
from gateway.auth import authenticate
from gateway.breaker import Lane
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from gateway.passage import Passage
from gateway.problems import Refusal
from gateway.routes import Route
from gateway.upstream import Upstream
from kit.lookout import Lookout
from kit.security.tokens import TokenVerifier


class Proxy:
    """Forwards requests of known routes. Reads no body before the token is verified."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        verifier: TokenVerifier,
        limits: RateLimits,
        *,
        max_body_bytes: int,
        most_in_flight: int,
    ) -> None:
        self._upstreams, self._verifier, self._limits = upstreams, verifier, limits
        self._max_body_bytes = max_body_bytes
        self._lookout = Lookout()
        self.lanes = {service: Lane(most_in_flight) for service in upstreams}

    async def __call__(
        self, scope: Scope, receive: Receive, answer: Answer, *, route: Route, context: RequestContext
    ) -> None:
        """Answers with the service's response or with a problem. Raises Refusal."""
        claims = await authenticate(self._verifier, context.values)
        answer.principal = claims.subject
        answer.headers += self._limits.admit(claims.subject)
        length = context.values.get(b"content-length")
        if length and int(length[0]) > self._max_body_bytes:
            raise Refusal("body-too-large", f"At most {self._max_body_bytes} bytes")
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
                max_body_bytes=self._max_body_bytes,
            )
            await passage.run(self._lookout)
        finally:
            lane.leave()
