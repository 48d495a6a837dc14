"""`crmesh`: run the whole system, load real data, prove it, and look after it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = MappingProxyType(
    {
        "run": "cli.run:run",
        "demo": "cli.run:demo",
        "report": "cli.report.command:report_command",
        "doctor": "cli.doctor:doctor",
        "verify": "cli.operate:verify",
        "rebuild": "cli.operate:rebuild",
        "backup": "cli.backup:backup",
        "restore": "cli.backup:restore",
        "migrate": "cli.migrate:migrate",
        "revision": "cli.migrate:revision",
        "contracts": "cli.contracts:contracts",
        "infra": "cli.infra:app",
        "audit-log": "cli.audit_log:app",
        "keys": "cli.keys:app",
        "parked": "cli.parked:app",
        "events": "cli.events:app",
        "topics": "cli.topics:app",
        "audit": "cli.operate:verify",
    }
)
"""Name -> module and function, or module and group. A module is imported when its command is called, not before."""

OLD_NAMES = ("audit",)
"""Of 0.1.0: they work, help does not show them."""


class Commands(TyperGroup):
    """Imports a command when it is asked for."""

    def list_commands(self, _ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Every name, in the order help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, name: str) -> Any:  # type: ignore[override]
        """The command of a name, None when there is none."""
        if name not in COMMANDS:
            for each in COMMANDS:  # "did you mean" chooses among those that are there
                self.get_command(ctx, each)
        elif name not in self.commands:
            self.commands[name] = _imported(name)
        return self.commands.get(name)


def _imported(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    found: typer.Typer | Callable[..., None] = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name, hidden=name in OLD_NAMES)(found)
        made = typer.main.get_command(alone)
    made.name = name
    return made


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"crmesh {version('crmesh')}\n")
        raise typer.Exit


@app.callback()
def _logs_to_stderr(
    context: typer.Context,
    _asked: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    """Standard output carries answers only."""
    if context.invoked_subcommand != "run":  # its level is an option, and the first call decides
        from kit.telemetry.logging import configure_logging

        configure_logging("crmesh", "WARNING", json=not sys.stderr.isatty())


if __name__ == "__main__":
    app()
