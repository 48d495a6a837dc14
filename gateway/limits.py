"""How many requests a principal may send: a moving window of one second, kept in the memory of this process."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from gateway.headers import Headers
from gateway.problems import Refusal

WINDOW_SECONDS = 1
_SWEEP_SECONDS = 10.0


class RateLimits:
    """`per_second` requests of each principal; 0 lets everything through.

    Headers are those of draft-ietf-httpapi-ratelimit-headers (version 10): policy name, quota and window, what
    remains and the seconds until more is granted.
    """

    def __init__(self, per_second: int, now: Callable[[], float] = time.monotonic) -> None:
        self._quota, self._now = per_second, now
        self._sent: dict[str, deque[float]] = {}
        self._swept_at = now()
        self._policy = b'"principal";q=%d;w=%d' % (per_second, WINDOW_SECONDS)

    def admit(self, principal: str) -> Headers:
        """Counts a request; headers for its answer. Raises Refusal (429) over the limit; such a one is not counted."""
        if not self._quota:
            return []
        now = self._now()
        if now - self._swept_at >= _SWEEP_SECONDS:
            self._sweep(now)
        sent = self._sent.get(principal)
        if sent is None:
            sent = self._sent[principal] = deque()
        while sent and sent[0] <= now - WINDOW_SECONDS:
            sent.popleft()
        if len(sent) >= self._quota:
            seconds = max(1, math.ceil(sent[0] + WINDOW_SECONDS - now))
            raise Refusal(
                "too-many-requests",
                f"At most {self._quota} requests a second",
                {
                    "Retry-After": str(seconds),
                    "RateLimit-Policy": self._policy.decode(),
                    "RateLimit": f'"principal";r=0;t={seconds}',
                },
            )
        sent.append(now)
        remaining = b'"principal";r=%d;t=%d' % (self._quota - len(sent), WINDOW_SECONDS)
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", remaining)]

    def _sweep(self, now: float) -> None:
        """Forgets who has sent nothing lately, so that memory follows the active principals."""
        self._swept_at = now
        self._sent = {name: sent for name, sent in self._sent.items() if sent and sent[-1] > now - WINDOW_SECONDS}
