"""Faults under load: commands through the gateway while processes are killed; then every effect is accounted for.

usage: python -m bench.faults.run [--commands 20000] [--kills 100] [--rate 25] [--seed 1] [--short]
       python -m bench.faults.run --rolling
       python -m bench.faults.run --mutant order

Writes bench/out/faults.json (rolling.json, mutants.json). Exits 1 on damage (of a mutant: when none is found).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.faults.breadth import BroadLane, open_broad_lanes
from bench.faults.broad import check_broad, counts_of
from bench.faults.checker import Checker, Verdict, runtimes, wait_quiet
from bench.faults.client import Client, Journal
from bench.faults.clocks import Clocks, find_library
from bench.faults.driver import Lane, Pace, Prober, open_lanes, prepare
from bench.faults.machine import CLOCKS, DISKS, SINGLE, WHOLE
from bench.faults.nemesis import Nemesis
from bench.faults.processes import System
from bench.faults.rules import DUPLICATED, LOST, REORDERED, UNEQUAL, WRONG, Damage
from bench.report import percentile, write
from kit.events.kafka import KafkaBus
from kit.testing.native import make_folder

SHORT = (
    "kill job",
    "kill worker",
    "duplicates, reordered across keys",
    "poison message",
    "kill api",
    "crash relay.before_mark",
    "corrupt messages",
    "kill gateway",
    "kafka refuses",
    "crash inbox.after_effect",
    "kill postgres",
    WHOLE,
)
"""The injections of the short form, in this order (clocks only where they can be stepped)."""

STORM = {
    "kill api": 20,
    "kill worker": 20,
    "kill gateway": 6,
    "crash relay.before_send": 8,
    "crash relay.before_mark": 8,
    "crash inbox.before_effect": 8,
    "crash inbox.after_effect": 8,
    "crash inbox.before_commit": 8,
    "duplicates, reordered across keys": 8,
    "corrupt messages": 3,
    "poison message": 4,
    "two relays": 3,
    "pause": 1,
    SINGLE: 2,
    "kill postgres": 3,
    "kill kafka": 2,
    "kill rebuild": 2,
    "kill job": 2,
}
"""Weights of the random part of the long form; before it, every kind is injected once and waited for."""

ONCE = (WHOLE, *DISKS, "pause, with a second worker", "kafka silent", "kafka refuses")
"""Injected once in the long form, before the random part."""

WHY_NOT = {
    **dict.fromkeys(CLOCKS, "the package libfaketime brings no library for this machine"),
    **dict.fromkeys(DISKS, "only root may give PostgreSQL and Kafka disks of their own"),
}
COMMAND = "python -m bench.faults.run"
WHAT_COUNTS = (LOST, DUPLICATED, REORDERED, UNEQUAL, WRONG)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it."""

    seed: int = 1
    rate: float = 25.0
    accounts: int = 12
    """More than ten: so many keys it takes until the projection that always fails is set aside."""
    broad: int = 1
    """Lanes of commands beside orders and money."""
    commands: int = 0
    kills: int = 0
    short: bool = True
    mutant: str = ""
    kinds: tuple[str, ...] = SHORT
    quiet_seconds: float = 180.0
    warm_up: float = 2.0
    clocks: bool = True
    disks: bool = False


@dataclass
class Outcome:
    """What happened and what was found."""

    verdict: Verdict
    nemesis: Nemesis
    journal: Journal
    unexpected: list[str]
    seconds: float
    start_seconds: float
    fault_seconds: float
    killed_migrations: int
    not_injected: dict[str, str]

    def totals(self) -> dict[str, Any]:
        """Figures of the run."""
        found = {kind: self.verdict.count(kind) for kind in WHAT_COUNTS}
        return {
            "commands acknowledged": len(self.journal.acks),
            "kills": self.nemesis.kills + self.killed_migrations,
            "injections": len(self.nemesis.injections),
            **found,
            "seconds": round(self.seconds, 1),
            "seconds to start": round(self.start_seconds, 1),
            "seconds of faults": round(self.fault_seconds, 1),
            "seconds to quiet": round(self.verdict.seconds_to_quiet, 1),
            "migrations killed": self.killed_migrations,
            **self.verdict.counted,
            "duplicates injected": self.nemesis.injected.duplicates,
            "corrupt injected": self.nemesis.injected.corrupt,
            "poison injected": len(self.nemesis.injected.poison),
            "failed attempts": sum(self.journal.failures.values()),
        }

    def sentence(self) -> str:
        """The verdict in one line."""
        totals = self.totals()
        counts = ", ".join(f"{totals[kind]} {kind}" for kind in WHAT_COUNTS)
        return (
            f"{totals['commands acknowledged']:,} commands acknowledged, {totals['kills']} kills, "
            f"{totals['injections']} injections: {counts}; recovery is the time from the end of the injection until "
            "an order sent then is credited"
        )

    def rows(self) -> list[dict[str, Any]]:
        """Per kind of injection: how often, and seconds until a probe order was credited."""
        by_kind: dict[str, list[float | None]] = {}
        for injection in self.nemesis.injections:
            by_kind.setdefault(injection.kind, []).append(injection.recovery)
        rows = []
        for kind, measured in by_kind.items():
            known = [one for one in measured if one is not None]
            rows.append(
                {
                    "injected": kind,
                    "times": len(measured),
                    "recovery_p50_s": round(percentile(known, 0.5), 2) if known else None,
                    "recovery_max_s": round(max(known), 2) if known else None,
                    "not_measured": len(measured) - len(known),
                }
            )
        return rows


async def run(plan: Plan, folder: Path) -> Outcome:
    """One whole run; the folder keeps logs and journal."""
    began = time.monotonic()
    library = find_library() if plan.clocks else None
    clocks = Clocks(folder / "clocks", library) if library is not None else None
    system = System(folder, mutant=plan.mutant, clocks=clocks, disks=plan.disks)
    journal = Journal(folder / "acknowledged.jsonl")
    bus = KafkaBus(system.kafka_address, "crmesh-faults")
    try:
        killed = await system.start(interrupt_migrations=not plan.short)
        start_seconds = time.monotonic() - began
        async with Client(system.gateways(), journal) as client:
            nemesis = await _storm(plan, system, bus, client, journal)
            fault_seconds = time.monotonic() - began - start_seconds
            verdict = await _check(plan, system, bus, journal, nemesis)
        spent = time.monotonic() - began
        missing = {kind: WHY_NOT[kind] for kind in plan.kinds if kind not in nemesis.kinds}
        return Outcome(
            verdict, nemesis, journal, system.unexpected, spent, start_seconds, fault_seconds, killed, missing
        )
    finally:
        await bus.stop()
        await system.stop()


async def _storm(plan: Plan, system: System, bus: KafkaBus, client: Client, journal: Journal) -> Nemesis:
    """Load and faults together, then load to its end, then healing."""
    rng = random.Random(plan.seed)
    world = await prepare(client, rng, f"f{plan.seed}")
    prober = Prober(client, world, plan.seed)
    await prober.start()
    pace = Pace(plan.rate)
    lanes: list[Lane | BroadLane] = [*await open_lanes(client, world, pace, plan.seed, plan.accounts)]
    lanes += await open_broad_lanes(client, world, pace, plan.seed, plan.broad)
    system.heal()  # the world was made two hours ago
    nemesis = Nemesis(system, bus, client, prober, journal, rng, short=plan.short)
    storm = {kind: weight for kind, weight in STORM.items() if kind in nemesis.kinds}
    stop = asyncio.Event()
    running = asyncio.create_task(_drive(lanes, stop))
    try:
        await asyncio.sleep(plan.warm_up)
        for kind in [kind for kind in plan.kinds if kind in nemesis.kinds]:
            await nemesis.inject(kind, patience=rng.uniform(0.5, 1.5) if plan.short else 60)
            if running.done():
                break
        while not running.done() and (len(journal.acks) < plan.commands or nemesis.kills < plan.kills):
            if nemesis.kills < plan.kills:
                kind = rng.choices(list(storm), list(storm.values()))[0]
                await nemesis.inject(kind, patience=rng.uniform(1, 8))
                if nemesis.injected.poison:
                    await nemesis.discard_poison()
            else:
                await asyncio.sleep(1)
        stop.set()
        await running
        await nemesis.settle(60)
    finally:
        stop.set()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return nemesis


async def _drive(lanes: Sequence[Lane | BroadLane], stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(lane.run(stop))


async def _check(plan: Plan, system: System, bus: KafkaBus, journal: Journal, nemesis: Nemesis) -> Verdict:
    async with runtimes(system, bus) as made:
        seconds, waiting = 0.0, "everything"
        while waiting and seconds < plan.quiet_seconds:
            await nemesis.discard_poison()  # again: a worker that lags parks late
            spent, waiting = await wait_quiet(made, 10)
            seconds += spent
        await nemesis.discard_poison()
        checker = Checker(made, bus, journal, nemesis.injected.poison)
        checker.verdict.seconds_to_quiet = seconds
        if waiting:
            checker.verdict.damage.append(Damage(WRONG, f"still on its way after {seconds:.0f} s: {waiting}"))
        verdict = await checker.check(nemesis.jobs())
        verdict.damage += await check_broad(journal.acks, made)
        verdict.counted.update(counts_of(journal.acks))
        return verdict


def report(outcome: Outcome, plan: Plan) -> None:
    """Table and bench/out/faults.json."""
    write(
        "faults",
        outcome.rows(),
        command=COMMAND + " ".join(["", *sys.argv[1:]]),
        plan=asdict(plan),
        totals=outcome.totals(),
        damage=[asdict(one) for one in outcome.verdict.damage],
        failed_attempts=dict(outcome.journal.failures),
        refused=dict(outcome.journal.refused),
        unexpected_ends=outcome.unexpected,
        not_injected=outcome.not_injected,
        note=outcome.sentence(),
    )
    show(outcome)


def show(outcome: Outcome) -> None:
    """Totals and the first findings."""
    print()
    for name, value in outcome.totals().items():
        print(f"{name:28} {value}")
    for damage in outcome.verdict.damage[:40]:
        print(f"! {damage.kind}: {damage.what}")
    for what in outcome.unexpected[:10]:
        print(f"~ {what}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="the form of the test")
    parser.add_argument("--rolling", action="store_true", help="restart every process under load instead")
    parser.add_argument("--mutant", choices=["all", *_mutants()], help="switch a guarantee off; damage must be found")
    parser.add_argument("--keep", action="store_true", help="keep the logs")
    options = parser.parse_args()
    folder = make_folder("infra")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is cut short ends what it has started
    try:
        sys.exit(_main(options, folder))
    finally:
        if options.keep:
            print(f"logs in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _mutants() -> list[str]:
    from bench.faults.mutants import KINDS

    return list(KINDS)


def _main(options: argparse.Namespace, folder: Path) -> int:
    if options.rolling:
        from bench.faults.rolling import run_rolling

        return run_rolling(folder, options.seed)
    if options.mutant:
        from bench.faults.mutants import run_mutants

        return run_mutants(folder, options.mutant, options.seed)
    if options.short:
        plan = Plan(seed=options.seed, rate=options.rate)
    else:
        plan = Plan(
            options.seed,
            options.rate,
            accounts=24,
            broad=6,
            commands=options.commands,
            kills=options.kills,
            short=False,
            kinds=(*STORM, *ONCE),
            disks=True,
        )
    outcome = asyncio.run(run(plan, folder))
    report(outcome, plan)
    return 1 if outcome.verdict.damage else 0


if __name__ == "__main__":
    main()
