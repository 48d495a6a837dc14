"""What goes wrong: each injection by name, when it happened, and how long the system took to be itself again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from bench.faults.client import Client, Journal, Refused
from bench.faults.driver import Prober, command_key
from bench.faults.injections import Injected, Injection
from bench.faults.machine import MachineFaults
from bench.faults.processes import Process, System
from kit import clock
from kit.events.bus import BusUnavailable, EventBus, Message, TopicPartition
from kit.events.envelope import Event, to_headers, topic_of
from standalone.registry import SERVICES

POINTS = (
    "relay.before_send",
    "relay.before_mark",
    "inbox.before_effect",
    "inbox.after_effect",
    "inbox.before_commit",
)
READERS = {"customer": ("risk", "targets", "channels"), "risk": ("customer",), "channels": ("customer",)}
"""Which services read a service's topic, of those that an injection writes to."""

JOB_WORKER = "targets.worker"
"""Runs the jobs that are asked for."""

POISON_TYPE = "customer.order.returned.v1"
POISON_READERS = ("risk", "targets", "channels")


class Nemesis:
    """Injects; every injection is noted and probed."""

    def __init__(
        self,
        system: System,
        bus: EventBus,
        client: Client,
        prober: Prober,
        journal: Journal,
        rng: random.Random,
        *,
        short: bool,
    ) -> None:
        self.injections: list[Injection] = []
        self.injected = Injected()
        self._asked: dict[str, int] = {}
        self.kills = 0
        self._system, self._bus, self._client, self._prober = system, bus, client, prober
        self._journal, self._rng, self._short = journal, rng, short
        self._probes: set[asyncio.Task[None]] = set()
        self.kinds: dict[str, Callable[[], Awaitable[Injection]]] = {
            "kill api": self._kill_api,
            "kill worker": self._kill_worker,
            "kill gateway": self._kill_gateway,
            **{f"crash {point}": self._crash_at(point) for point in POINTS},
            "pause": self._pause,
            "pause, with a second worker": self._pause_with_second,
            "kill postgres": self._kill_postgres,
            "kill kafka": self._kill_kafka,
            "kafka silent": self._kafka_away("silent"),
            "kafka refuses": self._kafka_away("refuse"),
            "duplicates, reordered across keys": self._duplicates,
            "corrupt messages": self._corrupt,
            "poison message": self._poison,
            "two relays": self._two_relays,
            "kill rebuild": self._kill_rebuild,
            "kill job": self._kill_job,
            **MachineFaults(system, rng, short=short).kinds(),
        }

    async def inject(self, kind: str, patience: float) -> None:
        """Do it, then probe; wait at most so many seconds for the probe before going on."""
        began = time.monotonic()
        injection = await self.kinds[kind]()
        injection.at = began
        self.kills += injection.kills
        self.injections.append(injection)
        if not self._short:
            print(f"{len(self._journal.acks):,} acknowledged, {self.kills} kills: {injection.kind}", flush=True)
        task = asyncio.create_task(self._measure(injection))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)
        await asyncio.wait({task}, timeout=patience)

    async def _measure(self, injection: Injection) -> None:
        injection.recovery = await self._prober.probe()

    def jobs(self) -> dict[str, int]:
        """The jobs that were asked for, with how often their worker has been killed from then on."""
        return {
            job: sum(one.kills for one in self.injections[first:] if one.what.startswith(JOB_WORKER))
            for job, first in self._asked.items()
        }

    async def settle(self, seconds: float) -> None:
        """Heal everything and wait for the probes that are under way."""
        self._system.heal()
        await self.discard_poison()
        if self._probes:
            await asyncio.wait(set(self._probes), timeout=seconds)
        for task in list(self._probes):
            task.cancel()

    def _pick(self, names: Sequence[str]) -> Process:
        return self._system.processes[self._rng.choice(sorted(names))]

    async def _killed(self, kind: str, process: Process) -> Injection:
        process.send(signal.SIGKILL)
        await process.ended(10)
        return Injection(kind, process.name, 0, kills=1)

    async def _kill_api(self) -> Injection:
        return await self._killed("kill api", self._pick([f"{service}.api" for service in SERVICES]))

    async def _kill_worker(self) -> Injection:
        return await self._killed("kill worker", self._pick([f"{service}.worker" for service in SERVICES]))

    async def _kill_gateway(self) -> Injection:
        return await self._killed("kill gateway", self._system.processes["gateway"])

    def _crash_at(self, point: str) -> Callable[[], Awaitable[Injection]]:
        async def inject() -> Injection:
            process = self._pick([f"{service}.worker" for service in SERVICES])
            return await self._crash(process, point, 1 if self._short else self._rng.randrange(1, 4))

        return inject

    async def _crash(
        self, process: Process, point: str, count: int, meanwhile: Callable[[], Awaitable[object]] | None = None
    ) -> Injection:
        """Kill a process, start it with a crash point, and wait until it has killed itself there."""
        process.is_wanted = False
        process.send(signal.SIGKILL)
        await process.ended(10)
        if meanwhile is not None:
            await meanwhile()
        process.spawn(f"{point}:{count}")
        crashed = await process.ended(40)
        if not crashed:
            process.send(signal.SIGKILL)
            await process.ended(10)
        process.is_wanted = True
        outcome = "" if crashed else " (not reached)"
        return Injection(f"crash {point}" if crashed else "kill worker", f"{process.name}{outcome}", 0, kills=2)

    async def _pause(self) -> Injection:
        names = [name for name in self._system.processes if not name.startswith("gateway")]
        process = self._pick(names)
        process.send(signal.SIGSTOP)
        await asyncio.sleep(4 if self._short else 30)
        process.send(signal.SIGCONT)
        return Injection("pause", process.name, 0)

    async def _pause_with_second(self) -> Injection:
        """A worker is stopped while another takes its partitions, then goes on with what it had in hand."""
        service = self._rng.choice(("customer", "risk", "targets"))
        second = self._system.add_second_worker(service)
        await asyncio.sleep(5)
        first = self._system.worker(service)
        first.send(signal.SIGSTOP)
        await asyncio.sleep(13 if self._short else 30)  # beyond the session time of the group
        first.send(signal.SIGCONT)
        await asyncio.sleep(2)
        await self._system.retire(second)
        return Injection("pause, with a second worker", first.name, 0)

    async def _kill_postgres(self) -> Injection:
        await self._system.kill_postgres()
        return Injection("kill postgres", "postgres", 0, kills=1)

    async def _kill_kafka(self) -> Injection:
        await self._system.kill_kafka()
        return Injection("kill kafka", "kafka", 0, kills=1)

    def _kafka_away(self, mode: Any) -> Callable[[], Awaitable[Injection]]:
        async def inject() -> Injection:
            self._system.kafka_proxy.set_mode(mode)
            await asyncio.sleep(4 if self._short else 60)
            self._system.kafka_proxy.set_mode("pass")
            return Injection(f"kafka {'silent' if mode == 'silent' else 'refuses'}", "proxy", 0)

        return inject

    async def _two_relays(self) -> Injection:
        """A second worker of every service for a while; then one of each pair is killed."""
        seconds = [self._system.add_second_worker(service) for service in SERVICES]
        await asyncio.sleep(6 if self._short else 20)
        for second in seconds:
            second.is_wanted = False
            first = self._system.processes[second.name.removesuffix("-2")]
            self._rng.choice((first, second)).send(signal.SIGKILL)
        await asyncio.gather(*(self._system.retire(second) for second in seconds))
        return Injection("two relays", "every service", 0, kills=len(seconds))

    async def _duplicates(self) -> Injection:
        """Recorded records again, in another order across keys."""
        count = 0
        for topic in map(topic_of, READERS):
            found: list[Message] = []
            for partition, (_first, end) in (await self._bounds(topic)).items():
                if end:
                    offset = self._rng.randrange(end)
                    records = await self._bus.read(partition, offset, 20)
                    found += [Message(one.key, one.value, one.headers) for one in records if one.headers]
            self._rng.shuffle(found)
            await self._publish(topic, found)
            count += len(found)
        self.injected.duplicates += count
        return Injection("duplicates, reordered across keys", f"{count} records", 0)

    async def _corrupt(self) -> Injection:
        """Bytes that are no event, and events with a broken attribute or body."""
        for source in READERS:
            broken_time = [(name, b"yesterday" if name == "ce_time" else raw) for name, raw in self._headers(uuid4())]
            no_json = [(name, raw) for name, raw in self._headers(uuid4())]
            forms: list[tuple[tuple[tuple[str, bytes], ...], bytes]] = [
                ((), os.urandom(40)),
                (tuple(broken_time), b"{}"),
                ((("ce_id", b"\xff\xfe"),), b"{}"),
            ]
            if source == "customer":
                forms.append((tuple(no_json), b"{"))
            messages = [Message(str(uuid4()), value, headers) for headers, value in forms]
            await self._publish(topic_of(source), messages)
            self.injected.corrupt += len(messages)
        return Injection("corrupt messages", "3 topics", 0)

    async def _poison(self) -> Injection:
        """An event that no handler can work, on the key of a live account: the key parks, and queues what follows."""
        keys = sorted({ack.key for ack in self._journal.acks if ack.key})
        event_id, key = uuid4(), self._rng.choice(keys)
        message = Message(key, b'{"id": "not an order"}', tuple(self._headers(event_id, key)))
        await self._publish(topic_of("customer"), [message])
        self.injected.poison[event_id] = key
        await asyncio.sleep(2)
        return Injection("poison message", f"key {key}", 0)

    def _headers(self, event_id: UUID, key: str = "none") -> list[tuple[str, bytes]]:
        event = Event(event_id, POISON_TYPE, "/faults", str(uuid4()), clock.now(), key, 1, b"")
        return to_headers(event)

    async def discard_poison(self) -> None:
        """An operator gives the poison up and lets what waits behind it go on."""
        known = set(map(str, self.injected.poison))
        for service in POISON_READERS if known else ():
            path = f"/admin/{service}/parked"
            for item in (await self._client.get(path))["items"]:
                if str(item["event_id"]) in known:
                    await self._operate(f"{path}/{item['id']}/discard", None)
            held = {str(item["key"]) for item in (await self._client.get(path))["items"]}
            for key in sorted(held & set(self.injected.poison.values())):
                await self._operate(f"{path}/retries", {"key": key})

    async def _operate(self, path: str, body: object) -> None:
        try:
            await self._client.command("operator", "operate", path, body, command_key(self._rng))
        except Refused as error:
            if error.status not in (404, 409):
                raise

    async def _kill_rebuild(self) -> Injection:
        """A rebuild kills itself in the middle, and is run again to its end."""
        code = await self._system.run_once("rebuild", "rebuild", "targets", crash_at="rebuild.folded:2")
        return Injection("kill rebuild", f"targets, exit {code}", 0, kills=1 if code == -signal.SIGKILL else 0)

    async def _kill_job(self) -> Injection:
        """The worker that runs a rebuild as a job kills itself in the middle; the next one ends the job."""
        path, key = "/v1/attainment/rebuilds", command_key(self._rng)

        async def ask() -> None:
            job = await self._client.command("operator", "job", path, {"swap": False}, key)
            self._asked[str(job["id"])] = len(self.injections)

        injection = await self._crash(self._system.worker("targets"), "rebuild.folded", 1, ask)
        return Injection("kill job", injection.what, 0, kills=injection.kills)

    async def _bounds(self, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        while True:
            try:
                return await self._bus.bounds(topic)
            except BusUnavailable:
                await asyncio.sleep(0.5)

    async def _publish(self, topic: str, messages: Sequence[Message]) -> None:
        while True:
            try:
                await self._bus.publish(topic, messages)
                return
            except BusUnavailable:
                await asyncio.sleep(0.5)
