"""Rolling restart of every process under load: how many requests fail.

Two api processes a service behind one address, and two gateways; as an orchestrator does it, a process is taken
out of rotation, told to end (SIGTERM), started again, and put back when it is ready. Clients do not try again.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from pathlib import Path
from typing import Any

from bench.faults.breadth import open_broad_lanes
from bench.faults.broad import check_broad
from bench.faults.checker import Checker, Verdict, runtimes, wait_quiet
from bench.faults.client import Client, Journal
from bench.faults.driver import Pace, open_lanes, prepare
from bench.faults.processes import Process, System
from bench.faults.rules import WRONG, Damage
from bench.report import write
from kit.events.kafka import KafkaBus
from standalone.registry import SERVICES

RATE = 25.0
SETTLE_SECONDS = 1.0
"""Between leaving the rotation and SIGTERM: endpoints take a moment to be everywhere."""


async def restart_all(system: System, client: Client) -> list[str]:
    """Every process, one after the other; returns their names."""
    done = []
    for process in list(system.processes.values()):
        service = process.name.split(".")[0]
        if process.name.startswith("gateway"):
            others = [url for url in client.rotation if url != process.url]
            client.rotation = others
            await _restart(process)
            client.rotation = [*others, process.url]
        elif process.url:
            port = int(process.url.rsplit(":", 1)[1])
            system.addresses[service].rotation.remove(port)
            await _restart(process)
            system.addresses[service].rotation.append(port)
        else:
            await _restart(process)
        done.append(process.name)
    return done


async def _restart(process: Process) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    process.is_wanted = False
    process.send(signal.SIGTERM)
    if not await process.ended(40):
        raise TimeoutError(f"{process.name} does not end")
    process.spawn()
    process.is_wanted = True
    if process.url:
        await process.ready()


async def roll(folder: Path, seed: int) -> tuple[dict[str, Any], Journal, Verdict]:
    """Load, restart everything once, check."""
    system = System(folder, replicas=2)
    journal = Journal(folder / "acknowledged.jsonl")
    bus = KafkaBus(system.kafka_address, "crmesh-faults")
    try:
        await system.start()
        async with Client(system.gateways(), journal, retries=False) as client:
            rng = random.Random(seed)
            world = await prepare(client, rng, f"r{seed}")
            pace, stop = Pace(RATE), asyncio.Event()
            lanes = await open_lanes(client, world, pace, seed, 12)
            broad = await open_broad_lanes(client, world, pace, seed, 3)
            journal.failures.clear()
            running = [asyncio.create_task(lane.run(stop)) for lane in lanes]
            running += [asyncio.create_task(lane.run(stop)) for lane in broad]
            began, before = time.monotonic(), len(journal.acks)
            names = await restart_all(system, client)
            await asyncio.sleep(2)
            spent = time.monotonic() - began
            stop.set()
            lost = [repr(one) for one in await asyncio.gather(*running, return_exceptions=True) if one is not None]
            sent = len(journal.acks) - before
        async with runtimes(system, bus) as made:
            seconds, waiting = await wait_quiet(made, 120)
            checker = Checker(made, bus, journal, ())
            if waiting:
                checker.verdict.damage.append(Damage(WRONG, f"still on its way after {seconds:.0f} s: {waiting}"))
            verdict = await checker.check({})
            verdict.damage += await check_broad(journal.acks, made)
        row = {
            "restarted": len(names),
            "commands": sent,
            "seconds": round(spent, 1),
            "failed": len(lost),
            "damage": len(verdict.damage),
        }
        return {**row, "failures": lost[:10]}, journal, verdict
    finally:
        await bus.stop()
        await system.stop()


def run_rolling(folder: Path, seed: int) -> int:
    """Table and bench/out/rolling.json; 0 when no request failed."""
    row, journal, verdict = asyncio.run(roll(folder, seed))
    failures = row.pop("failures")
    write(
        "rolling",
        [row],
        command="python -m bench.faults.run --rolling",
        services=list(SERVICES),
        failures=failures,
        answers=dict(journal.failures),
        refused=dict(journal.refused),
        damage=[one.what for one in verdict.damage],
    )
    for failure in failures:
        print(f"! {failure}")
    for damage in verdict.damage[:20]:
        print(f"! {damage.kind}: {damage.what}")
    return 0 if not row["failed"] and not verdict.damage else 1
