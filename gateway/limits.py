"""How many requests somebody may send: a moving window, kept in the memory of this process."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address

from gateway.headers import Headers, Values
from gateway.problems import Refusal

WINDOW_SECONDS = 1
PUBLIC_SECONDS = 60
_SWEEP_SECONDS = 10.0


class RateLimits:
    """`quota` requests of each principal (or what `kind` says) in so many seconds; 0 lets everything through.

    Headers are those of draft-ietf-httpapi-ratelimit-headers (version 10): policy name, quota and window, what
    remains and the seconds until more is granted.
    """

    def __init__(
        self,
        quota: int,
        now: Callable[[], float] = time.monotonic,
        *,
        kind: str = "principal",
        seconds: int = WINDOW_SECONDS,
    ) -> None:
        self._quota, self._now, self._kind, self._seconds = quota, now, kind, seconds
        self._sent: dict[str, deque[float]] = {}
        self._swept_at = now()
        self._policy = f'"{kind}";q={quota};w={seconds}'.encode()

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
        while sent and sent[0] <= now - self._seconds:
            sent.popleft()
        if len(sent) >= self._quota:
            seconds = max(1, math.ceil(sent[0] + self._seconds - now))
            raise Refusal(
                "too-many-requests",
                f"At most {self._quota} requests {'a second' if self._seconds == 1 else f'in {self._seconds} seconds'}",
                {
                    "Retry-After": str(seconds),
                    "RateLimit-Policy": self._policy.decode(),
                    "RateLimit": f'"{self._kind}";r=0;t={seconds}',
                },
            )
        sent.append(now)
        remaining = f'"{self._kind}";r={self._quota - len(sent)};t={self._seconds}'.encode()
        return [(b"ratelimit-policy", self._policy), (b"ratelimit", remaining)]

    def _sweep(self, now: float) -> None:
        """Forgets who has sent nothing lately, so that memory follows the active principals."""
        self._swept_at = now
        self._sent = {name: sent for name, sent in self._sent.items() if sent and sent[-1] > now - self._seconds}


class PublicLimits:
    """`per_minute` requests without a bearer token of each address, and as many with each secret of a path."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._addresses = RateLimits(per_minute, now, kind="address", seconds=PUBLIC_SECONDS)
        self._secrets = RateLimits(per_minute, now, kind="token", seconds=PUBLIC_SECONDS)

    def admit(self, address: str, secret: str) -> Headers:
        """Counts a request; headers for its answer, of the address. Raises Refusal (429). The address comes first: who
        guesses makes no entry of each guess."""
        headers = self._addresses.admit(address)
        self._secrets.admit(sha256(secret.encode()).hexdigest())
        return headers


def address_of(peer: str, values: Values, trusted_proxies: int) -> str:
    """Who sends, as far as that is known: the peer, or what the outermost of the proxies that are trusted says (each
    adds to X-Forwarded-For whom it heard; what stands before is the caller's invention). Of IPv6 the network, of which
    one caller has all addresses."""
    said = b",".join(values.get(b"x-forwarded-for", ())).decode().split(",")
    text = said[-trusted_proxies].strip() if 0 < trusted_proxies <= len(said) else peer
    try:
        address = ip_address(text)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return str(address)
