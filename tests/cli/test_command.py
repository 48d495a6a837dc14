"""Exit codes, refusals in a sentence, completion of the shell, and that the page names every command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer

from cli import command
from cli.command import EXIT_FOUND, EXIT_INTERRUPTED, EXIT_UNAVAILABLE, EXIT_USAGE, Refused, execute
from cli.main import app
from kit.errors import Conflict
from kit.events.bus import BusUnavailable
from kit.native.process import NativeError, free_port
from kit.testing.program import COMMAND, run_program
from standalone.folder import NotRunning

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations" / "cli.md").read_text()


def commands(group: Any = None, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every command by its words."""
    found: dict[str, Any] = {}
    found_in: Any = group or typer.main.get_command(app)
    context = typer.Context(found_in)
    for name in found_in.list_commands(context):
        each = found_in.get_command(context, name)
        if hasattr(each, "commands"):
            found |= commands(each, (*path, name))
        else:
            found[" ".join((*path, name))] = each
    return found


def exit_code_of(error: BaseException) -> int:
    async def work() -> None:
        raise error

    with pytest.raises(typer.Exit) as stopped:
        execute(work())
    return int(stopped.value.exit_code)


def test_what_goes_wrong_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(Refused("no")) == EXIT_FOUND
    assert exit_code_of(Conflict("no")) == EXIT_FOUND
    for error in (
        NotRunning("x"),
        NativeError("x"),
        BusUnavailable("x"),
        ConnectionRefusedError("x"),
        asyncpg.InvalidCatalogNameError("x"),
    ):
        assert exit_code_of(error) == EXIT_UNAVAILABLE
    assert exit_code_of(KeyboardInterrupt()) == EXIT_INTERRUPTED
    said = capsys.readouterr()
    assert said.out == ""
    assert "--data" in said.err


def test_the_page_names_the_codes_and_every_command() -> None:
    for code in (0, EXIT_FOUND, EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_INTERRUPTED):
        assert f"| {code} |" in PAGE
    missing = [name for name in commands() if f"`crmesh {name}" not in PAGE]
    assert not missing


def test_every_command_says_what_it_does_and_answers_programs() -> None:
    found = commands()
    assert not [name for name, each in found.items() if not (each.help or "").strip()]
    answers = {name for name, each in found.items() if any("--json" in option.opts for option in each.params)}
    assert answers >= {
        "audit-log verify", "backup", "demo", "doctor", "events replay", "events tail", "migrate", "parked list",
        "parked show", "rebuild", "restore", "topics apply", "topics plan", "verify",
    }  # fmt: skip


def complete(words: str) -> list[str]:
    """What bash would offer behind `words`."""
    environment = {
        **os.environ,
        "_CRMESH_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_shell_completes_commands_services_and_projections() -> None:
    assert {"doctor", "parked", "events"} <= set(complete("crmesh "))
    assert complete("crmesh eve") == ["events"]
    assert complete("crmesh parked list c") == ["customer", "channels"]
    assert complete("crmesh rebuild a") == ["all"]
    assert "credits" in complete("crmesh rebuild targets ")
    assert "--from-start" in complete("crmesh events tail risk --fr")
    environment = {**os.environ, "_CRMESH_COMPLETE": "source_bash"}
    script = subprocess.run([COMMAND], env=environment, capture_output=True, text=True, check=False)
    assert (script.returncode, "_CRMESH_COMPLETE=complete_bash" in script.stdout) == (0, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("parked", "list", "nobody"),
        ("migrate", "nobody"),
        ("rebuild", "risk", "nothing"),
        ("rebuild", "all", "--force"),
        ("events", "export", "--service", "nobody"),
        ("events", "export", "--from", "yesterday"),
        ("events", "replay", "risk", "--mend"),
        ("events", "tail"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_wrong_calls(arguments: tuple[str, ...]) -> None:
    answer = run_program(*arguments)
    assert (answer.returncode, answer.stdout) == (EXIT_USAGE, ""), answer.stdout
    assert "Traceback" not in answer.stderr


def test_the_version() -> None:
    answer = run_program("--version")
    assert (answer.returncode, answer.stdout.startswith("crmesh 0.")) == (0, True)


def test_a_file_that_cannot_be_written_is_no_system_out_of_reach(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(OSError(30, "Read-only file system", "/ev.jsonl")) == EXIT_FOUND
    assert capsys.readouterr().err.strip() == "/ev.jsonl: Read-only file system"


@pytest.mark.parametrize(
    "arguments",
    [("verify",), ("events", "tail", "risk"), ("topics", "plan"), ("migrate", "risk"), ("parked", "list", "risk")],
    ids=" ".join,
)
def test_nothing_there_to_reach(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMESH_POSTGRES", f"postgresql://x@127.0.0.1:{free_port()}/")
    monkeypatch.setenv("CRMESH_BUS", "embedded")
    answer = run_program(*arguments)
    assert (answer.returncode, answer.stdout) == (EXIT_UNAVAILABLE, "")
    assert "cannot be reached" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = (
        "import typer; from cli.command import execute\n"
        "async def work():\n    for _ in range(100_000): print('line')\n"
        "app = typer.Typer(); app.command()(lambda: execute(work())); app()"
    )
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; {COMMAND.parent / "python"} -c "{script}" | head -1'],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (0, "line\n", False), done.stderr


def test_completion_knows_the_services() -> None:
    assert command.complete_service("t") == ["targets"]
