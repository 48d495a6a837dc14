"""A service's second process: relay, a consumer a lane, jobs, dues, keys, housekeeping; stopped in reverse order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from kit.db.key_filler import Fill, KeyFiller
from kit.due.due import AnyDue
from kit.due.loop import DueLoop
from kit.events.failing import add_failing
from kit.events.filling import Filler
from kit.events.handlers import Subscriptions
from kit.events.housekeeping import Figure, Housekeeping
from kit.events.inbox import InboxConsumer
from kit.events.relay import Relay
from kit.jobs.jobs import JobHandler, JobRunner
from kit.parts import until
from kit.runtime import Runtime

PROMPT_SECONDS: Final = 0.5


class Worker:
    """Runs a service's background work until stopped. `figures` are the service's own, beside those of all services;
    `keys` make the keys of rows that have none; `prompt` are due rows that wait for no others, looked at twice a
    second."""

    def __init__(
        self,
        runtime: Runtime,
        subscriptions: Subscriptions,
        jobs: Mapping[str, JobHandler],
        figures: Sequence[Figure] = (),
        dues: Sequence[AnyDue] = (),
        keys: Sequence[Fill] = (),
        prompt: Sequence[AnyDue] = (),
    ) -> None:
        add_failing(subscriptions)
        self.runtime = runtime
        self.relay = Relay(runtime.db, runtime.bus, runtime.metrics)
        # where the lanes could take every writer of the process, all but core take turns: requests want one as well
        turn = asyncio.Lock() if runtime.settings.pool_writers <= len(subscriptions.lanes) else None
        self.consumers = [
            InboxConsumer(
                runtime.db, runtime.bus, lane, runtime.settings, runtime.metrics, None if lane.name == "core" else turn
            )
            for lane in subscriptions.lanes
        ]
        self.filler = Filler(runtime.db, runtime.bus, subscriptions)
        self.jobs = JobRunner(runtime.db, jobs, finished=runtime.metrics.job_finished) if jobs else None
        self.housekeeping = Housekeeping(runtime, subscriptions, has_jobs=bool(jobs), figures=figures)
        self.due = DueLoop(runtime, dues) if dues else None
        self.prompt = DueLoop(runtime, prompt, poll=PROMPT_SECONDS) if prompt else None
        self.keys = KeyFiller(runtime.db, keys) if keys else None
        runtime.metrics.watch_relay(lambda: self.relay.is_active)
        # a counter that is there from the start lets Prometheus see its first step
        runtime.metrics.dead_lettered(0)
        for kind in jobs:
            runtime.metrics.job_finished(kind, "failed", 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the relay stops last, so that what was committed is sent.

        Raises PartEnded when a part of it ends before that: a worker that only looks alive is worse than none.
        """
        service, relay_stop = self.runtime.service, asyncio.Event()
        async with asyncio.TaskGroup() as all_tasks:
            all_tasks.create_task(until(relay_stop, f"{service}-relay", self.relay.run))
            async with asyncio.TaskGroup() as group:
                for consumer in self.consumers:
                    group.create_task(until(stop, f"{consumer.group}-consumer", consumer.run))
                group.create_task(until(stop, f"{service}-filler", self.filler.run))
                group.create_task(until(stop, f"{service}-housekeeping", self.housekeeping.run))
                if self.jobs is not None:
                    group.create_task(until(stop, f"{service}-jobs", self.jobs.run))
                if self.due is not None:
                    group.create_task(until(stop, f"{service}-due", self.due.run))
                if self.prompt is not None:
                    group.create_task(until(stop, f"{service}-prompt", self.prompt.run))
                if self.keys is not None:
                    group.create_task(until(stop, f"{service}-keys", self.keys.run))
            relay_stop.set()

    async def livez(self) -> str:
        """Whether a restart would help: a consumer has been silent for long, or new clients stall as well."""
        return "consumer stuck" if any(consumer.is_stuck() for consumer in self.consumers) else ""
