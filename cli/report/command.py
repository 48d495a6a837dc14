"""`crmesh report`."""

from __future__ import annotations

import locale
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import httpx
import typer

from cli import command
from cli.command import EXIT_FOUND, EXIT_UNAVAILABLE, EXIT_USAGE
from cli.console import err, say
from cli.load.client import Api, ApiError, connected

if TYPE_CHECKING:
    from cli.report.make import Report

TOKEN = "CRMESH_TOKEN"


def report_command(
    out: Annotated[Path, typer.Option(help="The page to write.")],
    unit: Annotated[str | None, typer.Option(help="Code of a unit; without it your own.")] = None,
    period: Annotated[
        str | None, typer.Option(help="2015, 2015-Q3, 2015-H1, 2015-07 or 2015-07-01..2015-09-30; the latest target's.")
    ] = None,
    url: Annotated[str, typer.Option(help="The gateway.")] = "http://127.0.0.1:8000",
    principal: Annotated[
        str, typer.Option("--as", help=f"Principal of the development issuer, where {TOKEN} holds no token.")
    ] = "director",
    pictures: Annotated[
        Path | None, typer.Option(help="Write each picture as an SVG into this folder too.", file_okay=False)
    ] = None,
    reader: Annotated[str | None, typer.Option("--locale", help="How numbers are written, for example de-DE.")] = None,
) -> None:
    """Write one page of pictures and tables about a unit and a period, with your own rights."""
    try:
        from cli.report.make import CannotReport, report
        from cli.report.numbers import Numbers, UnknownReader
        from cli.report.periods import NotAPeriod
    except ImportError as error:
        say(err, f"Reports need more packages ({error.name}): pip install 'crmesh[report]'", "bold red")
        raise typer.Exit(EXIT_UNAVAILABLE) from None

    async def work(numbers: Numbers) -> Report:
        async with _caller(url, principal) as api:
            return await report(api, unit, period, numbers)

    try:
        made = command.execute(work(Numbers.of(reader or locale.getlocale()[0] or "en")))
    except UnknownReader as error:
        say(err, f"--locale: {error} is no locale", "bold red")
        raise typer.Exit(EXIT_USAGE) from None
    except NotAPeriod as error:
        say(err, f"--period: {error} is none; write 2015, 2015-Q3, 2015-07 or 2015-07-01..2015-09-30", "bold red")
        raise typer.Exit(EXIT_USAGE) from None
    except httpx.TransportError as error:
        say(err, f"The gateway cannot be reached: {error or type(error).__name__}.", "bold red")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    except (CannotReport, ApiError) as error:
        say(err, f"No report: {_said(error)}", "bold red")
        raise typer.Exit(EXIT_FOUND) from None
    if pictures is not None:
        try:
            pictures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _cannot_write(pictures, error)
        for name, drawn in made.pictures.items():
            _write(pictures / f"{name}.svg", drawn)
    _write(out, made.html)
    shown = sum(not section.absent for section in made.sections)
    say(err, f"{out}: {shown} of {len(made.sections)} parts have something to show")


def _write(path: Path, text: str) -> None:
    """All of it or nothing, also where a reader has the old page open."""
    part = path.absolute().with_name(f".{path.absolute().name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        _cannot_write(path, error)


def _cannot_write(path: Path, error: OSError) -> NoReturn:
    say(err, f"{path} cannot be written: {error.strerror}", "bold red")
    raise typer.Exit(EXIT_USAGE) from None


def _said(error: Exception) -> str:
    """What the API, or the issuer of tokens, says of a refusal, with the fields at fault."""
    if not isinstance(error, ApiError):
        return str(error)
    if (of_issuer := error.problem.get("error_description")) is not None:
        return f"--as: {of_issuer}"
    named = [f"{one['pointer']}: {one['detail']}" for one in error.problem.get("errors", ())]
    return "; ".join([str(error.problem.get("detail", error)), *named])


@asynccontextmanager
async def _caller(url: str, principal: str) -> AsyncIterator[Api]:
    """With the token of the environment, else as a principal of the development issuer."""
    token = os.environ.get(TOKEN, "")
    async with connected(url, principal) as api:
        yield api.with_token(token) if token else api
