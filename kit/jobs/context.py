"""What a job's handler sees of its job."""

from __future__ import annotations

import time
from typing import Any

from kit.db.database import Database, Tx
from kit.jobs import store
from kit.jobs.store import Claim, JobCancelled


class JobContext:
    """What a handler gets: its parameters, where it stopped last time, and the way to report.

    Every report is fenced: it raises LeaseLost once another worker owns the job, and JobCancelled once
    cancel was asked. Handlers let both pass.
    """

    def __init__(self, db: Database, claim: Claim, lease: float, progress_interval: float) -> None:
        self.id = claim.id
        self.kind = claim.kind
        self.params: Any = claim.params
        self.state: Any = claim.checkpoint
        self.attempt = claim.attempt
        self.done = claim.done
        self.total = claim.total
        self.cancel_requested = False
        self._db = db
        self._claim = claim
        self._lease = lease
        self._interval = progress_interval
        self._written = 0.0

    async def progress(self, done: int, total: int | None = None) -> None:
        """Report `done` of `total` pieces; written at most once per interval, so cheap enough for a loop."""
        self.done, self.total = done, total
        self.check()
        moment = time.monotonic()
        if moment - self._written < self._interval:
            return
        self._written = moment
        async with self._db.transaction() as tx:
            asked = await store.save_progress(tx, self._claim, done, total, self._lease)
        self._saw(asked)

    async def checkpoint(self, state: object, tx: Tx | None = None) -> None:
        """Store the JSON `state` from which a later attempt goes on.

        With the handler's own `tx` the checkpoint commits together with the work it stands for, or not at
        all: each step then takes effect exactly once. Such a transaction must be shorter than the lease.
        """
        if tx is None:
            async with self._db.transaction() as own:
                asked = await self._save(own, state)
        else:
            asked = await self._save(tx, state)
        self.state = state
        self._saw(asked)

    def check(self) -> None:
        """Raise JobCancelled when cancel was asked (known from the last report or renewal)."""
        if self.cancel_requested:
            raise JobCancelled

    async def _save(self, tx: Tx, state: object) -> bool:
        return await store.save_checkpoint(tx, self._claim, state, self.done, self.total, self._lease)

    def _saw(self, asked: bool) -> None:
        self.cancel_requested = self.cancel_requested or asked
        self.check()
