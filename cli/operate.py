"""`crmesh verify` and `crmesh rebuild`: derive decisions and tables again, and compare."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.command import EXIT_FOUND, Data, Json, complete_service, execute, show, usage
from cli.connect import runtimes
from cli.console import Bars, err, print_findings, print_verdicts, say
from cli.derived import log_ends, projections, rebuild_all, verify_all
from standalone.registry import SERVICES


def _complete_what(incomplete: str) -> list[str]:
    return [name for name in ("all", *complete_service("")) if name.startswith(incomplete)]


def _complete_projection(incomplete: str) -> list[str]:
    return sorted({name for _service, name in projections() if name.startswith(incomplete)})


def verify(data: Data = None, as_json: Json = False) -> None:
    """Derive every decision again from its stored inputs; exactly one per order of the other log.

    Databases and log are read one after the other: what is written meanwhile may show as a disagreement. Exits 1 when
    something disagrees.
    """

    async def work() -> tuple[list[dict[str, Any]], bool]:
        async with runtimes(data) as made:
            before = await log_ends(made)
            findings = await verify_all(made)
            return findings, before == await log_ends(made)

    findings, was_quiet = execute(work())
    show(findings) if as_json else print_findings(findings)
    if not was_quiet and not all(finding["ok"] for finding in findings):
        say(err, "events came in meanwhile, and what disagrees may be those: run it again while nothing is written")
    raise typer.Exit(0 if all(finding["ok"] for finding in findings) else EXIT_FOUND)


def rebuild(
    what: Annotated[
        str, typer.Argument(metavar="SERVICE|all", autocompletion=_complete_what, help="A service, or all.")
    ] = "all",
    projection: Annotated[
        str | None,
        typer.Argument(autocompletion=_complete_projection, help="One of its projections; else all of them."),
    ] = None,
    data: Data = None,
    swap: Annotated[bool, typer.Option(help="Put the rebuilt rows in place (refused when they differ).")] = False,
    force: Annotated[bool, typer.Option(help="With --swap: also when they differ, to mend the live ones.")] = False,
    as_json: Json = False,
) -> None:
    """Derive projections and ledgers again from the log and compare them with the live ones.

    Live goes on meanwhile; its writers wait a moment at the end, while both are compared. Exits 1 when a table
    differs and was not swapped.
    """
    wanted = what if projection is None else f"{what}/{projection}"
    known = [f"{service}/{name}" for service, name in projections()]
    if wanted not in ("all", *SERVICES, *known):
        raise usage(f"unknown: {wanted.replace('/', ' ')}; known: {', '.join(known).replace('/', ' ')}")
    if force and not swap:
        raise usage("--force goes with --swap")

    async def work() -> list[dict[str, Any]]:
        async with runtimes(data, [] if what == "all" else [what.partition("/")[0]]) as made:
            with Bars() as bars:
                only = None if wanted == "all" else wanted
                return await rebuild_all(made, only=only, swap=swap, force=force, on_progress=bars.of_rebuild)

    reports = execute(work())
    show(reports) if as_json else print_verdicts(reports)
    raise typer.Exit(0 if all(report["equal"] or report["swapped"] for report in reports) else EXIT_FOUND)
