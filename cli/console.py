"""What people see: tables, progress bars; errors and logs go to stderr, answers to stdout."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from cli.load.table import Table

WIDE = 140


def _console(*, stderr: bool = False) -> Console:
    """A pipe or a file has no width of its own; rich would squeeze tables to 80 columns."""
    console = Console(stderr=stderr)
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(stderr=stderr, width=WIDE)


out = _console()
err = _console(stderr=True)


def say(console: Console, text: str, style: str | None = None) -> None:
    """A sentence as it is: paths are not markup, nothing is broken into lines."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


class LoadProgress:
    """A bar per phase of a load."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description:14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=err)
        self._task: TaskID | None = None

    def __enter__(self) -> LoadProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def phase(self, name: str, total: int | None) -> None:
        """A new bar."""
        self._finish()
        self._task = self._bars.add_task(name, total=total)

    def advance(self, rows: int) -> None:
        """More rows are in."""
        if self._task is not None:
            self._bars.advance(self._task, rows)

    def _finish(self) -> None:
        if self._task is not None and self._bars.tasks[self._task].total is None:
            self._bars.update(self._task, total=1, completed=1)


class Bars:
    """A bar per piece of long work, on stderr; none where nobody looks."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=err, disable=not err.is_terminal)

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def bar(self, name: str, total: int | None = None) -> Callable[[int, int | None], None]:
        """A new bar; call what it returns with (done, total)."""
        task = self._bars.add_task(name, total=total)

        def update(done: int, total: int | None) -> None:
            self._bars.update(task, completed=done, total=total)

        return update

    def of_rebuild(self, service: str, projection: str) -> Callable[[int, int], Awaitable[None]]:
        """Progress of one rebuild, in records of the log."""
        update = self.bar(f"{service} {projection}")

        async def progress(done: int, total: int) -> None:
            update(done, total)

        return progress


def money(cents: int) -> str:
    """12,345.67"""
    return f"{cents / 100:,.2f}" if abs(cents) < 2**50 else f"{cents:,}"


def print_table(table: Table) -> None:
    """The table of a load for people; only what is missing when not everything is in."""
    if not table.complete:
        parts = ", ".join(f"{count:,} {kind}" for kind, count in table.missing.items())
        say(out, f"incomplete: {parts} of the file are not in; load again to go on", "bold red")
        return
    view = RichTable(title="What went in, and what the ledgers say")
    for heading, is_figure in (("", False), ("one side", False), ("", True), ("other side", False), ("", True)):
        view.add_column(heading, justify="right" if is_figure else "left", no_wrap=is_figure)
    view.add_column("", no_wrap=True)
    for row in table.rows:
        show = str if row.name == "orders" else money
        verdict = "[green]agrees[/]" if row.agrees else "[bold red]differs[/]"
        view.add_row(row.name, row.left_name, show(row.left), row.right_name, show(row.right), verdict)
    out.print(view)
    if not table.agrees:
        say(out, "The table does not agree.", "bold red")


def print_verdicts(reports: list[dict[str, object]]) -> None:
    """Rebuilds against live, one line per table."""
    view = RichTable(title="Rebuilt from the log, against live")
    view.add_column("table")
    for heading in ("live rows", "rebuilt", "log position"):
        view.add_column(heading, justify="right")
    for heading in ("live hash", "rebuilt", ""):
        view.add_column(heading, no_wrap=True)
    for report in reports:
        tables = report["tables"]
        assert isinstance(tables, list)
        position = report["position"]
        assert isinstance(position, dict)
        for table in tables:
            view.add_row(
                f"{report['service']} {table['table']}",
                f"{table['live_rows']:,}",
                f"{table['rebuilt_rows']:,}",
                f"{sum(position.values()):,}",
                str(table["live_hash"])[:10],
                str(table["rebuilt_hash"])[:10],
                "[green]equal[/]" if table["equal"] else "[bold red]unequal[/]",
            )
    out.print(view)


def print_findings(findings: list[dict[str, object]]) -> None:
    """Findings of an audit."""
    view = RichTable(title="Every decision, derived again")
    view.add_column("check")
    view.add_column("looked at", justify="right")
    view.add_column("", no_wrap=True)
    for finding in findings:
        verdict = "[green]holds[/]" if finding["ok"] else "[bold red]broken[/]"
        view.add_row(f"{finding['service']}: {finding['check']}", f"{finding['count']:,}", verdict)
    out.print(view)
    for finding in findings:
        if finding["detail"]:
            color = "yellow" if finding["ok"] else "red"
            say(out, f"{finding['service']}, {finding['check']}: {finding['detail']}", color)
