"""`crmesh run`: serve until a signal, loading the sample once when asked."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from cli.console import LoadProgress, err, out, print_table
from cli.load import cdnow
from cli.load.client import connected
from cli.load.loader import LoadReport, load
from cli.load.record import load_record
from cli.load.table import Table, make_table
from kit.native.process import FolderInUse, NativeError
from standalone.system import BusKind, Options, PortTaken, System, running


class DataFolderInUse(Exception):
    """The system cannot start here: says why in a sentence."""


def options_of(folder: Path, host: str, port: int, bus: BusKind) -> Options:
    """Options with the cluster that CRMESH_KAFKA names."""
    return Options(folder.expanduser().resolve(), host, port, bus, os.environ.get("CRMESH_KAFKA"))


async def with_system(options: Options, work: Callable[[System, asyncio.Event], Awaitable[int]]) -> int:
    """Start the system, serve, run `work(system, stop)`; SIGINT and SIGTERM set `stop`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with running(options) as system:
            serving = asyncio.create_task(system.serve(stop))
            await system.wait_until_serving()
            working = asyncio.create_task(_guarded(work(system, stop)))
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({working, waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                working.cancel()
            stop.set()
            with suppress(asyncio.CancelledError):
                code = await working
                await serving
                return code
            await serving
            return 0
    except PortTaken as error:
        raise DataFolderInUse(f"The port is taken: {error}. Choose another with --port.") from None
    except FolderInUse as error:
        raise DataFolderInUse(f"The data folder is in use: {error}") from None
    except NativeError as error:
        raise DataFolderInUse(str(error)) from None


async def _guarded(work: Awaitable[int]) -> int:
    return await work


async def load_sample(system: System, path: Path) -> tuple[LoadReport | None, Table]:
    """Load a file unless the record says it is in; returns the report of what was loaded, and the table."""
    folder = system.options.folder
    async with connected(system.options.url) as api:
        report = None
        if not load_record(folder, path).complete:
            with LoadProgress() as progress:
                report = await load(api, path, folder, progress)
        return report, await make_table(api, path)


async def run_system(folder: Path, host: str, port: int, bus: BusKind, *, with_load: bool) -> int:
    """Serve until a signal; returns the exit code."""

    async def work(system: System, stop: asyncio.Event) -> int:
        err.print(f"crmesh serves [bold]{system.options.url}[/] (ready in {system.started_in:.1f} s, data in {folder})")
        err.print(f"API and documentation: {system.options.url}/docs   stop with Ctrl-C")
        if with_load:
            _report, table = await load_sample(system, cdnow.sample_path())
            print_table(table)
            out.print("The system goes on serving; stop with Ctrl-C." if table.agrees else "The table does not agree.")
        await stop.wait()
        return 0

    return await with_system(options_of(folder, host, port, bus), work)
