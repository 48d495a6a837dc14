"""What protects a service from the gateway and the gateway from a service: breaker, bulkhead, retry budget."""

from __future__ import annotations

import time
from collections.abc import Callable

_SPAN_SECONDS = 5.0


class Breaker:
    """Stops calls to a service that gives no answers, and lets one through at a time to see whether it is back.

    A failure is a call without an answer: no connection, a broken one, a timeout. A status, 503 included, is an
    answer: one busy row must not take the whole service away from everybody. Opens when of at least `minimum`
    calls within 5 to 10 s half have failed; after `open_seconds` one call is the probe.
    """

    def __init__(
        self, *, minimum: int = 20, open_seconds: float = 1.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._minimum, self._open_seconds, self._now = minimum, open_seconds, now
        self._span_began = now()
        self._current, self._previous = [0, 0], [0, 0]
        self._opened_at: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are being refused (but for probes)."""
        return self._opened_at is not None

    def allows(self) -> bool:
        """Whether a call may go out now; every allowed call must be settled."""
        if self._opened_at is None:
            return True
        if self._is_probing or self._now() - self._opened_at < self._open_seconds:
            return False
        self._is_probing = True
        return True

    def settle(self, has_answered: bool | None) -> None:
        """The outcome of an allowed call; None when it says nothing (the client left)."""
        if self._opened_at is not None:
            self._settle_probe(has_answered)
        elif has_answered is not None:
            self._roll()
            self._current[not has_answered] += 1
            if not has_answered:
                self._judge()

    def _settle_probe(self, has_answered: bool | None) -> None:
        # answers of calls sent before it opened count too: they show that the service answers
        self._is_probing = False
        if has_answered:
            self._opened_at = None
            self._current, self._previous = [0, 0], [0, 0]
        elif has_answered is False:
            self._opened_at = self._now()

    def _roll(self) -> None:
        age = self._now() - self._span_began
        if age >= _SPAN_SECONDS:
            self._previous = self._current if age < 2 * _SPAN_SECONDS else [0, 0]
            self._current = [0, 0]
            self._span_began = self._now()

    def _judge(self) -> None:
        answered = self._current[0] + self._previous[0]
        failed = self._current[1] + self._previous[1]
        if answered + failed >= self._minimum and failed >= answered:
            self._opened_at = self._now()


class RetryBudget:
    """One retry for ten requests: retries must not multiply the load of a service in trouble.

    Every request adds a tenth to a purse of at most `most`, a retry takes one. It starts full, so that a quiet
    gateway may retry too.
    """

    def __init__(self, share: float = 0.1, most: float = 10.0) -> None:
        self._share, self._most, self._left = share, most, most

    def earn(self) -> None:
        """A request goes out for the first time."""
        self._left = min(self._most, self._left + self._share)

    def take(self) -> bool:
        """Whether one more retry is allowed; it is then taken."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Lane:
    """The way to one service: at most `most_in_flight` requests at once, its breaker and its retry budget.

    Nobody waits for a place: a service that hangs must not hold requests (and memory) of all clients.
    """

    def __init__(self, most_in_flight: int, breaker: Breaker | None = None) -> None:
        self.breaker, self.budget = breaker or Breaker(), RetryBudget()
        self._most, self.in_flight = most_in_flight, 0

    def enter(self) -> bool:
        """Takes a place, to be given back by `leave`; False when all are taken."""
        if self.in_flight >= self._most:
            return False
        self.in_flight += 1
        self.budget.earn()
        return True

    def leave(self) -> None:
        """Gives a place back."""
        self.in_flight -= 1
