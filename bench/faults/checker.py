"""When all is quiet: the four databases and the whole log against the acknowledged commands."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from bench.faults import rules
from bench.faults.client import Journal
from bench.faults.log import Entry, first_occurrences, has_letter, read_topic, resent
from bench.faults.rules import LOST, UNEQUAL, WRONG, Damage
from cli.derived import projections, verify_all
from kit.errors import AppError
from kit.events.bus import BusUnavailable, EventBus
from kit.events.envelope import dead_letter_topic_of, topic_of
from kit.events.failing import NAME, put_failing
from kit.events.handlers import Lane
from kit.events.lag import positions
from kit.events.rebuild import rebuild
from kit.events.status import delivery_status
from kit.native.postgres import EmbeddedPostgres
from kit.runtime import Runtime, make_runtime
from standalone.registry import SERVICES, room

ROWS = {"account": "account", "order": "orders", "payment": "payment", "refund": "payment_refund"}
ROWS |= {"return": "order_return"}

EXPOSURE = """
SELECT o.id::text, CASE WHEN o.state IN ('confirmed', 'fulfilled', 'closed') THEN o.gross_base - o.paid_base
  - coalesce((SELECT sum(coalesce(r.settled_base, -r.gross_base)) FROM order_return r WHERE r.order_id = o.id), 0)
  ELSE 0 END::bigint
FROM orders o
"""
CREDITED = """
SELECT o.id::text, (o.net_base
  + coalesce((SELECT sum(r.net_base) FROM order_return r WHERE r.order_id = o.id), 0))::bigint
FROM orders o WHERE o.state IN ('confirmed', 'fulfilled', 'closed')
"""
PARKED = "SELECT split_part(grp, '.', 3) AS lane, key, event_id, type, error, discarded_at FROM parked_event"
FAILING = "SELECT state, failed_keys FROM projection_state WHERE name = $1"
POSITIONS = """
SELECT o.partner_id::text, sum(o.net_base
  + coalesce((SELECT sum(r.net_base) FROM order_return r WHERE r.order_id = o.id), 0))::bigint
FROM orders o WHERE o.state IN ('confirmed', 'fulfilled', 'closed') AND o.partner_id = ANY($1::uuid[])
GROUP BY o.partner_id
"""


@dataclass
class Verdict:
    """What the check found, and how much it looked at."""

    damage: list[Damage] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=Counter)
    seconds_to_quiet: float = 0.0

    def count(self, kind: str) -> int:
        """How many findings of a kind."""
        return sum(one.kind == kind for one in self.damage)


class Reachable(Protocol):
    """Where PostgreSQL and Kafka of a running system are."""

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The server of all databases."""

    @property
    def kafka_address(self) -> str:
        """Bootstrap servers."""


@asynccontextmanager
async def runtimes(system: Reachable, bus: EventBus) -> AsyncIterator[dict[str, Runtime]]:
    """A runtime of each service beside the running ones."""
    made = {
        service: make_runtime(
            room(service, "settings").Settings(
                postgres=system.postgres.tcp_dsn(), kafka=system.kafka_address, pool_writers=2, pool_readers=1
            ),
            bus=bus,
        )
        for service in SERVICES
    }
    try:
        yield made
    finally:
        for runtime in made.values():
            await runtime.db.stop()


async def wait_quiet(made: dict[str, Runtime], seconds: float) -> tuple[float, str]:
    """Seconds until nothing is on its way (seen twice in a row), and what still is when the time is over."""
    began, calm, waiting = time.monotonic(), 0, ""
    while calm < 2 and time.monotonic() - began < seconds:
        try:
            waiting = await _on_its_way(made)
        except (BusUnavailable, asyncpg.PostgresError, OSError) as error:
            waiting = repr(error)
        calm = 0 if waiting else calm + 1
        await asyncio.sleep(0.5)
    return time.monotonic() - began, waiting


async def _on_its_way(made: dict[str, Runtime]) -> str:
    parts = []
    for service, runtime in made.items():
        async with runtime.db.reading() as tx:
            subscriptions = room(service, "subscriptions").subscriptions
            status = await delivery_status(tx, runtime.bus, subscriptions)
            if any(projection.name == NAME for projection in status.projections):
                lane = Lane(subscriptions, "insight", subscriptions.handlers)
                behind = sum(each.behind for each in (await positions(tx, runtime.bus, lane)).values())
                parts += [f"{service}: {behind} that the failing projection hears"] if behind else []
        if not status.is_settled():
            parts.append(f"{service}: outbox {status.outbox_waiting}, lag {status.lanes}")
    async with made["customer"].db.reading() as tx:
        placed = await tx.fetchval("SELECT count(*) FROM orders WHERE state = 'placed'")
    if placed:
        parts.append(f"{placed} orders without an answer")
    for service, runtime in made.items():
        async with runtime.db.reading() as tx:
            working = await tx.fetchval(_WORKING)
        if working:
            parts.append(f"{service}: {working} jobs not finished")
    return "; ".join(parts)


_WORKING = "SELECT count(*) FROM job WHERE state = 'running' OR state = 'queued' AND run_at <= now()"
_LIMITS = "SELECT id::text, credit_limit, version, (SELECT count(*) FROM scoring_run) FROM credit_profile"


class Checker:
    """Compares; the system must be quiet.

    `poison`: events of nobody's command. `others`: ids of what others than the journal's clients have made.
    """

    def __init__(
        self,
        made: dict[str, Runtime],
        bus: EventBus,
        journal: Journal,
        poison: Collection[UUID],
        others: Collection[str] = (),
    ) -> None:
        self._made, self._bus, self._journal = made, bus, journal
        self._poison, self._others = frozenset(poison), frozenset(others)
        self.verdict = Verdict()
        self._log: dict[str, list[Entry]] = {}

    async def check(self, jobs: Mapping[str, int]) -> Verdict:
        """Everything. `jobs`: id and how often the worker was killed since it was asked for."""
        for service in SERVICES:
            self._log[service] = await read_topic(self._bus, topic_of(service))
        self._check_log()
        steps = (
            self._check_outboxes,
            self._check_customer,
            self._check_ledgers,
            self._check_parked,
            self._check_dead_letters,
            self._check_rebuilds,
            self._check_audits,
        )
        for step in steps:
            await self._guarded(step)
        await self._check_jobs(jobs)
        return self.verdict

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        """A check that breaks is a finding, and the others still run."""
        try:
            await step()
        except Exception as error:
            self._add([Damage(WRONG, f"{step.__name__}: {error!r}"[:500])])

    def _add(self, damage: list[Damage]) -> None:
        self.verdict.damage += damage

    async def _fetch(self, service: str, sql: str, *args: object) -> list[Any]:
        async with self._made[service].db.reading() as tx:
            return await tx.fetch(sql, *args)

    async def _ours(self, service: str, sql: str, *args: object) -> list[Any]:
        """Rows by the id in front, without those of others."""
        return [row for row in await self._fetch(service, sql, *args) if row[0] not in self._others]

    def _check_log(self) -> None:
        acks = self._journal.acks
        occurrences = [one for entries in self._log.values() for one in first_occurrences(entries)]
        index = rules.index_of(occurrences)
        self._add(rules.check_acks(acks, index, self._poison))
        self._add(rules.check_subjects(occurrences, self._poison))
        self._add(rules.check_lanes(acks, index))
        self._add(rules.check_limits(event for _record, event in first_occurrences(self._log["risk"])))
        self.verdict.counted["events"] = len(occurrences)
        self.verdict.counted["records sent again"] = sum(resent(entries) for entries in self._log.values())

    async def _check_outboxes(self) -> None:
        """What was committed was sent, and nothing else."""
        for service, entries in self._log.items():
            rows = await self._fetch(service, "SELECT event_id::text FROM outbox WHERE topic = $1", topic_of(service))
            sent = {str(entry.event.id) for entry in entries if entry.event is not None}
            stored = {row[0] for row in rows}
            self._add([Damage(LOST, f"event {one} of {service} was committed and not sent") for one in stored - sent])
            foreign = sent - stored - {str(one) for one in self._poison}
            self._add([Damage(WRONG, f"event {one} was sent and not committed") for one in foreign])

    async def _check_customer(self) -> None:
        acks = self._journal.acks
        for kind, table in ROWS.items():
            rows = await self._ours("customer", f"SELECT id::text FROM {table}")
            acknowledged = [ack.id for ack in acks if ack.kind == kind]
            self._add(rules.compare_ids(kind, acknowledged, [row[0] for row in rows]))
            self.verdict.counted[table] = len(rows)
        placed = Counter(ack.id for ack in acks if ack.kind == "place")
        rows = await self._ours("customer", "SELECT id::text, placement FROM orders")
        self._add(rules.compare_sums("placements of", dict(placed), dict(map(tuple, rows))))
        for state in ("cancel", "fulfil"):
            word = {"cancel": "cancelled", "fulfil": "fulfilled"}[state]
            rows = await self._ours("customer", "SELECT id::text FROM orders WHERE state = $1", word)
            self._add(rules.compare_ids(state, [ack.id for ack in acks if ack.kind == state], [r[0] for r in rows]))
        await self._check_settings()

    async def _check_settings(self) -> None:
        """Limits are those acknowledged last, and only a night of scoring has gone on from their version, each once;
        every move of a member counted once."""
        acks = self._journal.acks
        limits = {ack.id: ack.answer for ack in acks if ack.kind == "limit"}
        rows = await self._fetch("risk", _LIMITS)
        for account, limit, version, nights in map(tuple, rows):
            known = limits.get(account)
            if known and (known["credit_limit"] != limit or not 0 <= version - known["version"] <= nights):
                self._add([Damage(LOST, f"limit of {account}: {limit}, acknowledged {known['credit_limit']}")])
        moves = Counter(ack.id for ack in acks if ack.kind in ("member", "move"))
        rows = await self._ours("targets", "SELECT id::text, version FROM member")
        self._add(rules.compare_sums("version of member", dict(moves), dict(map(tuple, rows))))

    async def _check_ledgers(self) -> None:
        """Sums derived from the orders alone."""
        sums = "SELECT order_id::text, sum(amount)::bigint FROM {} WHERE order_id IS NOT NULL GROUP BY order_id"
        for what, expected, service, table in (
            ("exposure of", EXPOSURE, "risk", "exposure_entry"),
            ("credit of", CREDITED, "targets", "credit_line"),
        ):
            wanted = dict(map(tuple, await self._fetch("customer", expected)))
            found = dict(map(tuple, await self._fetch(service, sums.format(table))))
            self._add(rules.compare_sums(what, wanted, found))
        accounts = "SELECT partner_id::text, sum(position)::bigint FROM rebate_account GROUP BY partner_id"
        programmes = "SELECT DISTINCT unnest(partner_ids)::text FROM rebate_programme"
        partners = [row[0] for row in await self._fetch("channels", programmes)]
        wanted = dict(map(tuple, await self._fetch("customer", POSITIONS, partners)))
        self._add(
            rules.compare_sums("rebate position of", wanted, dict(map(tuple, await self._fetch("channels", accounts))))
        )
        for row in await self._fetch(
            "channels", "SELECT sum(amount)::bigint FROM rebate_entry HAVING sum(amount) <> 0"
        ):
            self._add([Damage(WRONG, f"the rebate ledger sums to {row[0]}")])

    async def _check_parked(self) -> None:
        for service in SERVICES:
            rows = await self._fetch(service, PARKED)
            failing = await self._fetch(
                service, "SELECT state, failed_keys FROM projection_state WHERE name = $1", NAME
            )
            state, keys = failing[0] if failing else ("", ())
            self._add(rules.check_parked(service, rows, self._poison, state, keys))
            self.verdict.counted["projections set aside"] += state == "aside"

    async def _check_dead_letters(self) -> None:
        """A record that a service has to decode and cannot has one dead letter of it; its workers have a lane more."""
        for service in SERVICES:
            subscriptions = deepcopy(room(service, "subscriptions").subscriptions)
            put_failing(subscriptions)
            wanted = {
                (topic, entry.record.partition, entry.record.offset)
                for topic in subscriptions.topics()
                for entry in self._log[topic.split(".")[1]]
                if has_letter(entry, subscriptions)
            }
            letters = first_occurrences(await read_topic(self._bus, dead_letter_topic_of(service)))
            found = Counter(
                (event.payload["topic"], event.payload["partition"], event.payload["offset"])
                for _record, event in letters
                if "Undecodable" in event.payload["error"]
            )
            self._add([Damage(LOST, f"{service} has no dead letter of {place}") for place in wanted - found.keys()])
            twice = [place for place, count in found.items() if count > 1 or place not in wanted]
            self._add([Damage(WRONG, f"{service} has a dead letter too many of {place}") for place in twice])

    async def _check_jobs(self, jobs: Mapping[str, int]) -> None:
        rows = await self._fetch("targets", "SELECT id::text, state, error FROM job")
        self._add(rules.check_jobs(jobs, {row["id"]: (row["state"], row["error"]) for row in rows}))

    async def _check_rebuilds(self) -> None:
        for service, name in projections():
            runtime = self._made[service]
            try:
                report = await rebuild(runtime.db, runtime.bus, room(service, "subscriptions").subscriptions, name)
            except AppError as error:
                self._add([Damage(UNEQUAL, f"{service}/{name} cannot be rebuilt: {error}")])
                continue
            unequal = [table.table for table in report.tables if not table.equal]
            self._add([Damage(UNEQUAL, f"{service}/{name}: {table}") for table in unequal])

    async def _check_audits(self) -> None:
        for finding in await verify_all(self._made):
            if not finding["ok"]:
                text = f"audit of {finding['service']}, {finding['check']}: {finding['detail']}"
                self._add([Damage(WRONG, text)])
