"""`crmesh backup` and `crmesh restore`: a data folder as a whole, and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.command import Json, execute, show
from cli.connect import usual_folder
from cli.console import Bars, out, say
from standalone.backup import Backup, make_backup, restore_backup
from standalone.folder import NotRunning, read_system

DEFAULT_FOLDER = usual_folder()
Folder = Annotated[Path, typer.Option("--data", help="The data folder.", envvar="CRMESH_DATA")]


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    data: Folder = DEFAULT_FOLDER,
    without_log: Annotated[
        bool, typer.Option("--without-log", help="A folder whose events are in Kafka: copy the databases alone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy a data folder of `crmesh run` (embedded log), while it runs or at rest, and check every file.

    All databases and the log are of one moment, and commands go on meanwhile. The copy holds the secret and the
    issuer's key: only its owner may read it.
    """
    folder = data.expanduser().resolve()
    try:
        dsn: str | None = read_system(folder)["postgres"]
    except NotRunning:
        dsn = None

    async def work() -> Backup:
        with Bars() as bars:
            return await make_backup(folder, dsn, target.resolve(), bars.bar, without_log=without_log)

    made = execute(work())
    if as_json:
        show({**asdict(made), "target": str(target)})
        return
    say(out, f"{folder} is copied to {target} as of {made.made_at}")
    if not made.log_included:
        say(
            out, "Kafka is not in it: events that are newer than the copy are in the log, their commands are not", "red"
        )


def restore(
    source: Annotated[Path, typer.Argument(help="A backup.")],
    data: Annotated[Path, typer.Option("--data", help="The data folder to make: missing or empty.")],
    as_json: Json = False,
) -> None:
    """Make a data folder of a backup: check every file, copy, recover, compare; then `crmesh run --data` goes on."""

    async def work() -> Backup:
        with Bars() as bars:
            return await restore_backup(source.resolve(), data.expanduser().resolve(), bars.bar)

    restored = execute(work())
    if as_json:
        show({**asdict(restored), "data": str(data)})
        return
    say(out, f"{data} is as {source} was at {restored.made_at}; start it with: crmesh run --data {data}")
