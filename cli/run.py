"""`crmesh run` and `crmesh demo`: the whole system in one process, until Ctrl-C or until its story is told.

Whatever starts the system imports all services: that waits until the options are known to be good.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import httpx
import typer

from cli import command
from cli.check import check_demo
from cli.command import EXIT_FOUND, EXIT_UNAVAILABLE, EXIT_USAGE, CannotRun
from cli.connect import usual_folder
from cli.console import err, say
from cli.load import cdnow
from cli.load.cdnow import DataFileError
from cli.load.client import ApiError
from cli.load.loader import CHUNK, LoadFailed
from cli.year.sales import SHORT, WHOLE
from kit.telemetry.logging import configure_logging

DEFAULT_FOLDER = usual_folder()

Folder = Annotated[Path, typer.Option("--data", help="Folder that keeps everything.", envvar="CRMESH_DATA")]
Port = Annotated[int, typer.Option(help="Port of the gateway.", min=1, max=65535)]
Host = Annotated[str, typer.Option(help="Address the gateway listens on.")]
Bus = Annotated[str, typer.Option(help="embedded or kafka (CRMESH_KAFKA, else one is started).")]

Answer = TypeVar("Answer")


def execute(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a command that serves or loads; see cli.command for what goes wrong in all of them."""
    try:
        return command.execute(work)
    except CannotRun as error:
        say(err, str(error), "bold red")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    except httpx.TransportError as error:
        say(err, f"The gateway cannot be reached: {error or type(error).__name__}.", "bold red")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    except (LoadFailed, ApiError, DataFileError) as error:
        say(err, f"The load stopped: {error}", "bold red")
        raise typer.Exit(EXIT_FOUND) from None


def _bus(value: str) -> Any:
    if value not in ("embedded", "kafka"):
        err.print(f"--bus must be embedded or kafka, not {value}")
        raise typer.Exit(EXIT_USAGE)
    return value


def _configure_logging(name: str, level: str) -> None:
    try:
        configure_logging(name, level, json=not sys.stderr.isatty())
    except ValueError as error:
        say(err, str(error), "bold red")
        raise typer.Exit(EXIT_USAGE) from None


def run(
    data: Folder = DEFAULT_FOLDER,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    bus: Bus = "embedded",
    load: Annotated[bool, typer.Option("--load", help="Load the bundled sample once and print the table.")] = False,
    file: Annotated[Path | None, typer.Option(help="Load this CDNOW file instead.", hidden=True)] = None,
    chunk: Annotated[int, typer.Option(help="Rows a request of the load.", min=1, max=5000, hidden=True)] = CHUNK,
    showcase: Annotated[bool, typer.Option(help="After the table, show each service's side of the sample.")] = True,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "WARNING",
) -> None:
    """Run the whole system in one process until Ctrl-C."""
    _configure_logging("standalone", log_level)
    path = (file or cdnow.sample_path()) if load else None
    from cli.serve import options_of, run_system

    raise typer.Exit(execute(run_system(options_of(data, host, port, _bus(bus)), path, chunk, is_shown=showcase)))


def demo(
    full: Annotated[Path | None, typer.Option(help="The whole CDNOW file instead of the sample.")] = None,
    bus: Bus = "embedded",
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.", min=0, max=65535)] = 0,
    check: Annotated[bool, typer.Option("--check", help="Print the table of a running system instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Annotated[str, typer.Option(help="With --check: the gateway.")] = "http://127.0.0.1:8000",
    year: Annotated[bool, typer.Option("--year", help="Play a company's year over real sales instead.")] = False,
    short: Annotated[bool, typer.Option("--short", help="With --year: a dozen accounts, a hundred orders.")] = False,
    page: Annotated[Path | None, typer.Option(help="With --year: write its story here, as Markdown.")] = None,
) -> None:
    """Load, table, showcase, rebuild, audit, story, stop: on a data folder of its own. Exits 1 on disagreement."""
    _configure_logging("demo", "WARNING")
    if full is not None and not full.is_file():
        say(err, f"--full: {full} is no file", "bold red")
        raise typer.Exit(EXIT_USAGE)
    if check:
        agrees = execute(check_demo(url, full, as_json=as_json))
    elif year:
        from cli.year.command import run_year

        agrees = execute(run_year(SHORT if short else WHOLE, _bus(bus), port, page, as_json=as_json))
    else:
        from cli.demo import run_demo

        agrees = execute(run_demo(full, _bus(bus), port, as_json=as_json))
    raise typer.Exit(0 if agrees else EXIT_FOUND)
