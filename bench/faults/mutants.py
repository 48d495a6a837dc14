"""Workers with one guarantee switched off: the checker must find the damage, or it could find none at all.

usage: python -m bench.faults.mutants KIND SERVICE   (a worker; started by the runner)

The patches live here only; the product has no switch for them.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from kit.db.database import Tx
from kit.events import relay
from kit.events.bus import Record, TopicPartition
from kit.events.envelope import Event
from kit.events.faults import crash_point
from kit.events.inbox import InboxConsumer


def _replace(owner: object, name: str, value: object) -> None:
    """Put another function in the place of one that exists (AttributeError when it does not)."""
    getattr(owner, name)
    setattr(owner, name, value)


def _forget_events() -> None:
    """Inbox off: every copy of an event counts; the ledgers' own memory of sources is off as well."""

    async def remember(_self: InboxConsumer, _tx: Tx, events: Sequence[Event]) -> list[Event]:
        return list(events)

    async def fresh(_tx: Tx, events: Sequence[Event]) -> list[Event]:
        return list(events)

    _replace(InboxConsumer, "_remember", remember)
    for name in ("services.risk.credit.service", "services.channels.rebates.service"):
        _replace(importlib.import_module(name), "fresh", fresh)


def _newest_first() -> None:
    """Outbox order off: rows are sent from the newest to the oldest."""
    relay._READ = relay._READ.replace("ORDER BY id", "ORDER BY id DESC")
    relay.IDLE_SECONDS = 0.5


def _mark_before_send() -> None:
    """Outbox promise off: rows are marked as sent before they are sent."""

    async def drain_once(self: relay.Relay, connection: Any) -> int:
        rows = await connection.fetch(relay._READ, relay.BATCH)
        if rows:
            await connection.execute(relay._MARK, [row["id"] for row in rows])
            crash_point("relay.before_mark")
            await relay._send(self._bus, rows)
        return len(rows)

    _replace(relay.Relay, "drain_once", drain_once)


def _no_fencing() -> None:
    """Offsets neither stored with the effects nor compared: what is delivered again is worked again."""

    async def claim(
        _self: InboxConsumer,
        _tx: Tx,
        polled: Mapping[TopicPartition, Sequence[Record]],
        _also: Mapping[TopicPartition, int],
    ) -> list[Record]:
        return [record for partition in sorted(polled) for record in polled[partition]]

    async def start_offsets(
        _self: InboxConsumer, _partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int]:
        return {}

    _replace(InboxConsumer, "_claim", claim)
    _replace(InboxConsumer, "_start_offsets", start_offsets)
    _forget_events()


KINDS: Mapping[str, Callable[[], None]] = {
    "inbox": _forget_events,
    "order": _newest_first,
    "outbox": _mark_before_send,
    "fencing": _no_fencing,
}
STEPS = {
    "inbox": ("duplicates, reordered across keys", "duplicates, reordered across keys", "crash relay.before_mark"),
    "order": ("kill worker", "two relays"),
    "outbox": ("crash relay.before_mark", "crash relay.before_mark"),
    "fencing": ("crash inbox.before_commit", "crash inbox.before_commit", "kill worker"),
}
"""Injections that bring out what each mutant lacks."""


def run_mutants(folder: Path, which: str, seed: int) -> int:
    """Run each mutant; 0 when damage was found in all."""
    from bench.faults.run import Plan, run, show
    from bench.report import write

    rows = []
    for kind in KINDS if which == "all" else [which]:
        own = folder / kind
        own.mkdir(mode=0o711)
        plan = replace(Plan(), seed=seed, mutant=kind, kinds=STEPS[kind], quiet_seconds=20, warm_up=15)
        outcome = asyncio.run(run(plan, own))
        show(outcome)
        found = {name: outcome.verdict.count(name) for name in ("lost", "duplicated", "reordered", "unequal", "wrong")}
        rows.append({"switched off": kind, **found, "detected": bool(outcome.verdict.damage)})
    write("mutants", rows, command=f"python -m bench.faults.run --mutant {which}")
    return 0 if all(row["detected"] for row in rows) else 1


def main() -> None:
    """A worker of a service, mutated."""
    kind, service = sys.argv[1:]
    KINDS[kind]()
    uvloop.run(importlib.import_module(f"services.{service}.worker").main())


if __name__ == "__main__":
    main()
