"""When the broker's offsets of a group are committed. Nothing is read by them: a member begins at the offsets that the
database holds. Others tell a lag by them, and the broker writes each commit to a log of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping

from kit.events.bus import Consumer, TopicPartition

COMMIT_SECONDS = 1.0


class Commits:
    """Next offsets that are stored and not yet committed; they are COMMIT_SECONDS after the first of them."""

    def __init__(self) -> None:
        self._offsets: dict[TopicPartition, int] = {}
        self._due_at = 0.0

    def note(self, offsets: Mapping[TopicPartition, int]) -> None:
        """These are stored."""
        if not self._offsets:
            self._due_at = time.monotonic() + COMMIT_SECONDS
        self._offsets.update(offsets)

    def patience(self, seconds: float) -> float:
        """How much of a wait there is time for."""
        return min(seconds, max(0.0, self._due_at - time.monotonic())) if self._offsets else seconds

    async def send(self, consumer: Consumer, *, all_of_them: bool = False) -> None:
        """Commit what is due, or all. What fails is noted again when the next member begins."""
        if self._offsets and (all_of_them or time.monotonic() >= self._due_at):
            offsets, self._offsets = self._offsets, {}
            await consumer.commit(offsets)
