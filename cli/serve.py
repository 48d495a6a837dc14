"""`crmesh run`: serve until a signal, loading the sample once when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from cli.command import EXIT_FOUND, EXIT_INTERRUPTED, CannotRun
from cli.console import LoadProgress, err, print_table, say
from cli.load.client import connected
from cli.load.loader import CHUNK, LoadReport, load
from cli.load.record import load_record
from cli.load.table import Table, settled_table
from cli.showcase.telling import tell
from cli.showcase.views import print_outcome, print_side
from kit.native.process import FolderInUse, NativeError
from standalone.system import BusKind, Interrupted, Options, OtherBus, PortTaken, System, WorkerEnded, running

Work = Callable[[System, asyncio.Event], Awaitable[int]]


def options_of(folder: Path, host: str, port: int, bus: BusKind) -> Options:
    """Options with the cluster that CRMESH_KAFKA names."""
    return Options(folder.expanduser().resolve(), host, port, bus, os.environ.get("CRMESH_KAFKA"))


async def with_system(options: Options, work: Work) -> int:
    """Start the system, serve, run `work(system, stop)`; SIGINT and SIGTERM set `stop` and cancel the work.

    Returns what `work` returns, EXIT_INTERRUPTED when it was cut short. Raises CannotRun.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with running(options, stop) as system:
            return await _serve(system, work, stop)
    except Interrupted:
        return EXIT_INTERRUPTED
    except PortTaken as error:
        raise CannotRun(f"The port is taken: {error}. Choose another with --port.") from None
    except FolderInUse as error:
        raise CannotRun(f"The data folder is in use: {error}.") from None
    except OtherBus as error:
        raise CannotRun(f"The data folder cannot be used: {error}.") from None
    except WorkerEnded as error:
        raise CannotRun(f"The system stopped: {error}.") from None
    except NativeError as error:
        if stop.is_set():  # Ctrl-C in a terminal reaches the tools that were preparing the servers too
            return EXIT_INTERRUPTED
        raise CannotRun(str(error)) from None


async def _serve(system: System, work: Work, stop: asyncio.Event) -> int:
    serving = asyncio.create_task(system.serve(stop))
    watching = asyncio.create_task(system.watch_workers())
    ready = asyncio.create_task(system.wait_until_serving())
    await asyncio.wait({ready, serving, watching}, return_when=asyncio.FIRST_COMPLETED)
    working = asyncio.ensure_future(work(system, stop))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({working, waiting, serving, watching}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    for task in (ready, waiting, working):
        task.cancel()
    try:
        return await working
    except asyncio.CancelledError:
        return EXIT_INTERRUPTED
    finally:
        await serving
        if watching.done():
            await watching
        watching.cancel()


def seconds_since_start() -> float:
    """Age of this process."""
    return time.time() - psutil.Process().create_time()


async def load_sample(system: System, path: Path, chunk: int = CHUNK) -> tuple[LoadReport | None, Table]:
    """Load a file unless the record says it is in; returns the report of what was loaded, and the table."""
    folder = system.options.folder
    async with connected(system.options.url) as api:
        report = None
        if not load_record(folder, path).complete:
            with LoadProgress() as progress:
                report = await load(api, path, folder, progress, chunk)
        return report, await settled_table(api, path)


async def show_sides(system: System) -> None:
    """Each service's side of what was loaded, as soon as it is there."""
    async with connected(system.options.url) as api:
        print_outcome(await tell(api, print_side))


async def run_system(options: Options, path: Path | None, chunk: int = CHUNK, *, is_shown: bool = True) -> int:
    """Serve until a signal, which is the way to end it: 0, or EXIT_FOUND when the table of a load did not agree.

    `path` is the file to load, if one; `is_shown`: each service's side of it is printed too. Raises CannotRun;
    LoadFailed and ApiError from the load.
    """

    disagrees = False

    async def work(system: System, stop: asyncio.Event) -> int:
        nonlocal disagrees
        say(err, f"crmesh serves {system.options.url} (ready in {seconds_since_start():.1f} s)")
        if system.bus_address:
            say(err, f"events in Kafka at {system.bus_address}")
        say(err, f"data in {system.options.folder}; API and documentation: {system.options.url}/docs")
        if path is not None:
            report, table = await load_sample(system, path, chunk)
            print_table(table)
            if report is not None:
                say(err, report.sentence())
            disagrees = not table.agrees
            if is_shown and table.complete:
                say(err, "everything is there to be used; each service's side of it follows")
                await show_sides(system)
        say(err, "stop with Ctrl-C")
        await stop.wait()
        return 0

    code = await with_system(options, work)
    if code == EXIT_INTERRUPTED or not code:
        return EXIT_FOUND if disagrees else 0
    return code
