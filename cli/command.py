"""What every command shares: its options, its exit codes, and how an error becomes a sentence."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import asyncpg
import typer
import uvloop

from cli.console import err, say
from kit.errors import AppError
from kit.events.bus import BusUnavailable
from kit.native.process import NativeError
from kit.settings import ForeignEnvironment, UnsafeSettings
from standalone.folder import NotRunning
from standalone.registry import SERVICES

EXIT_FOUND: Final = 1
"""The answer is no: something differs, fails, is pending or broken, or was refused."""
EXIT_USAGE: Final = 2
EXIT_UNAVAILABLE: Final = 3
"""The system, its database or its log cannot be reached or started."""
EXIT_INTERRUPTED: Final = 130

UNREACHABLE = (
    OSError,
    BusUnavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
HINT = "name the data folder of a running system with --data, or set CRMESH_POSTGRES and CRMESH_KAFKA"

Answer = TypeVar("Answer")


class Refused(Exception):
    """The command does not do it; says why in a sentence."""


class CannotRun(Exception):
    """The system cannot start or go on: says why in a sentence."""


def _known(value: str | None) -> str | None:
    if value is not None and value not in SERVICES:
        raise typer.BadParameter(f"{value} is none of {', '.join(SERVICES)}")
    return value


def complete_service(incomplete: str) -> list[str]:
    """Services whose name begins so, for the shell."""
    return [name for name in SERVICES if name.startswith(incomplete)]


Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of a running `crmesh run`; else the usual one, or the environment."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Service = Annotated[str, typer.Argument(callback=_known, autocompletion=complete_service, help=", ".join(SERVICES))]
OneService = Annotated[
    str | None,
    typer.Argument(
        callback=_known, autocompletion=complete_service, help=f"{', '.join(SERVICES)}; all of them if none."
    ),
]


def execute(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a command; what goes wrong is a sentence and an exit code, Ctrl-C stops everything it started."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except BrokenPipeError:
        # `crmesh events export | head`: nobody reads on; what is buffered must not fail again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (ForeignEnvironment, UnsafeSettings) as error:
        say(err, str(error), "bold red")
        raise typer.Exit(EXIT_USAGE) from None
    except (NotRunning, NativeError) as error:
        say(err, str(error), "bold red")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    except Refused as error:
        say(err, str(error), "bold red")
        raise typer.Exit(EXIT_FOUND) from None
    except AppError as error:
        say(err, f"{error.title}: {error.detail}", "bold red")
        raise typer.Exit(EXIT_FOUND) from None
    except UNREACHABLE as error:
        if isinstance(error, OSError) and error.filename is not None:
            say(err, f"{error.filename}: {error.strerror}", "bold red")
            raise typer.Exit(EXIT_FOUND) from None
        say(err, f"database or log cannot be reached: {error or type(error).__name__}", "bold red")
        say(err, HINT)
        raise typer.Exit(EXIT_UNAVAILABLE) from None


def show(value: object) -> None:
    """An answer for programs, on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def usage(text: str) -> typer.Exit:
    """Says what is wrong with the call; to be raised."""
    say(err, text, "bold red")
    return typer.Exit(EXIT_USAGE)
