"""`crmesh infra`: a real PostgreSQL and Kafka for developers and CI, without containers or a system Java."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from cli.command import EXIT_FOUND, EXIT_UNAVAILABLE
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import LOOPBACK, NativeError, free_port
from standalone.registry import SERVICES

app = typer.Typer(no_args_is_help=True, help="PostgreSQL and Kafka on this machine, in .infra/ of the repository.")

POSTGRES_PORT: Final = 54329
KAFKA_PORT: Final = 9092
CONNECTIONS: Final = 200

Folder = Annotated[Path, typer.Option("--folder", help="Where all files are kept.", show_default=".infra")]
DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[1] / ".infra"


def _servers(
    folder: Path, postgres_port: int, kafka_port: int, host: str = LOOPBACK
) -> tuple[EmbeddedPostgres, NativeKafka]:
    place = folder / "postgres"
    postgres = EmbeddedPostgres(place, tcp_port=postgres_port, host=host, max_connections=CONNECTIONS)
    return postgres, NativeKafka(folder / "kafka", kafka_port, host=host)


def _read_ports(folder: Path) -> dict[str, int]:
    with contextlib.suppress(FileNotFoundError, ValueError):
        ports = json.loads((folder / "ports.json").read_text())
        return {"postgres": int(ports["postgres"]), "kafka": int(ports["kafka"])}
    return {}


def _choose_ports(folder: Path, postgres_port: int | None, kafka_port: int | None) -> tuple[int, int]:
    """The ports of a server that runs; else what was asked for (it must be free), last time's, the usual, or any."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _read_ports(folder)
    postgres, kafka = _servers(folder, POSTGRES_PORT, KAFKA_PORT)
    if postgres_port is None:
        last = known.get("postgres", POSTGRES_PORT)
        postgres_port = last if postgres.is_running() else free_port(last)
    if kafka_port is None:
        last = known.get("kafka", KAFKA_PORT)
        kafka_port = last if kafka.is_running() else free_port(last)
    pending = folder / "ports.new"
    pending.write_text(json.dumps({"postgres": postgres_port, "kafka": kafka_port}))
    pending.replace(folder / "ports.json")
    return postgres_port, kafka_port


async def start_servers(
    folder: Path, postgres_port: int | None, kafka_port: int | None, host: str = LOOPBACK
) -> tuple[str, str]:
    """Start or adopt both, leave them running; returns (CRMESH_POSTGRES, CRMESH_KAFKA)."""
    postgres, kafka = _servers(folder, *_choose_ports(folder, postgres_port, kafka_port), host)
    try:
        # both run to their end, so that the failure of one does not leave the other half started
        outcomes = await asyncio.gather(postgres.start(), kafka.start(), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        for service in SERVICES:
            await postgres.ensure_database(f"crmesh_{service}")
        return postgres.tcp_dsn(), kafka.bootstrap
    finally:
        postgres.detach()
        kafka.detach()


async def stop_servers(folder: Path, *, remove: bool = False) -> None:
    """End both; with `remove` their data goes too."""
    postgres, kafka = _servers(folder, POSTGRES_PORT, KAFKA_PORT)
    if remove:
        await asyncio.gather(postgres.destroy(), kafka.destroy())
    else:
        await asyncio.gather(postgres.stop(), kafka.stop())


@app.command()
def up(
    folder: Folder = DEFAULT_FOLDER,
    postgres_port: Annotated[int | None, typer.Option(help=f"Usually {POSTGRES_PORT}.")] = None,
    kafka_port: Annotated[int | None, typer.Option(help=f"Usually {KAFKA_PORT}.")] = None,
    host: Annotated[str, typer.Option(help="Address of this machine that they listen on.")] = LOOPBACK,
) -> None:
    """Start both (or find them running) and print the two environment lines on standard output.

    They survive this command. PostgreSQL lets everybody in who reaches it: for development only.
    """
    messages = Console(stderr=True)
    try:
        with messages.status("starting PostgreSQL and Kafka (the first time downloads 42 MB)"):
            dsn, bootstrap = asyncio.run(start_servers(folder.resolve(), postgres_port, kafka_port, host))
    except (NativeError, OSError) as error:
        messages.print(f"[red]{type(error).__name__}[/red]: ", end="")
        messages.print(str(error), markup=False)
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    output = Console(soft_wrap=True, highlight=False)
    output.print(f"CRMESH_POSTGRES={dsn}")
    output.print(f"CRMESH_KAFKA={bootstrap}")


@app.command()
def down(
    folder: Folder = DEFAULT_FOLDER,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the data as well.")] = False,
) -> None:
    """Stop both; nothing happens when they are not running."""
    messages = Console(stderr=True)
    try:
        asyncio.run(stop_servers(folder.resolve(), remove=remove))
    except NativeError as error:
        messages.print(str(error), markup=False)
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    messages.print("stopped and removed" if remove else "stopped")


@app.command()
def status(folder: Folder = DEFAULT_FOLDER) -> None:
    """Show what runs; exit code 1 unless both do."""
    folder = folder.resolve()
    ports = _read_ports(folder)
    table = Table("server", "state", "address")
    postgres, kafka = _servers(folder, POSTGRES_PORT, KAFKA_PORT)
    running = {"postgres": postgres.is_running(), "kafka": kafka.is_running()}
    for name, is_running in running.items():
        address = f"port {ports[name]}" if is_running and name in ports else ""
        table.add_row(name, "[green]running[/green]" if is_running else "stopped", address)
    Console().print(table)
    if not all(running.values()):
        raise typer.Exit(EXIT_FOUND)
