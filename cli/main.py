"""`crmesh`: run the whole system, load real data, prove it, and look after it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cli import infra, operate
from cli.console import err
from cli.demo import check_demo, run_demo
from cli.serve import DataFolderInUse, run_system
from kit.telemetry.logging import configure_logging

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(infra.app, name="infra")
app.add_typer(operate.parked_app, name="parked")
operate.register(app)

EXIT_DIFFERS = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3

DEFAULT_FOLDER = Path(os.environ.get("CRMESH_DATA", Path.home() / ".local" / "share" / "crmesh"))

Folder = Annotated[Path, typer.Option("--data", help="Folder that keeps everything.", envvar="CRMESH_DATA")]
Port = Annotated[int, typer.Option(help="Port of the gateway.", min=1, max=65535)]
Host = Annotated[str, typer.Option(help="Address the gateway listens on.")]
Bus = Annotated[str, typer.Option(help="embedded or kafka (CRMESH_KAFKA, else one is started).")]

Answer = TypeVar("Answer")


def execute(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a command; Ctrl-C cancels it and everything it started is stopped."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _bus(value: str) -> Any:
    if value not in ("embedded", "kafka"):
        err.print(f"--bus must be embedded or kafka, not {value}")
        raise typer.Exit(EXIT_USAGE)
    return value


@app.command()
def run(
    data: Folder = DEFAULT_FOLDER,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    bus: Bus = "embedded",
    load: Annotated[bool, typer.Option("--load", help="Load the bundled sample once and print the table.")] = False,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "WARNING",
) -> None:
    """Run the whole system in one process until Ctrl-C."""
    configure_logging("standalone", log_level, json=not sys.stderr.isatty())
    try:
        code = execute(run_system(data, host, port, _bus(bus), with_load=load))
    except DataFolderInUse as error:
        err.print(f"[bold red]{error}[/]")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    raise typer.Exit(code)


@app.command()
def demo(
    full: Annotated[Path | None, typer.Option(help="The whole CDNOW file instead of the sample.")] = None,
    bus: Bus = "embedded",
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 takes a free one.", min=0, max=65535)] = 0,
    check: Annotated[bool, typer.Option("--check", help="Print the table of a running system instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Annotated[str, typer.Option(help="With --check: the gateway.")] = "http://127.0.0.1:8000",
) -> None:
    """Load, table, rebuild and compare, audit, story, stop: on a data folder of its own. Exits 1 on disagreement."""
    configure_logging("demo", "WARNING", json=not sys.stderr.isatty())
    try:
        if check:
            agrees = execute(check_demo(url, full, as_json=as_json))
        else:
            agrees = execute(run_demo(full, _bus(bus), port, as_json=as_json))
    except DataFolderInUse as error:
        err.print(f"[bold red]{error}[/]")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    raise typer.Exit(0 if agrees else EXIT_DIFFERS)


def main() -> None:
    """Entry point."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    app()


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


if __name__ == "__main__":
    main()
