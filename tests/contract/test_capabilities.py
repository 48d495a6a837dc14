"""The page of capabilities names every operation and every event; that it agrees with the code is of test_files."""

from __future__ import annotations

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from cli.asyncapi import published_by
from cli.capabilities import PAGE, Unnamed, capabilities, first_sentence
from cli.contracts import FOLDER, contracts
from standalone.registry import SERVICES

TEXT = PAGE.read_text()


def test_every_operation_has_its_line_and_says_what_it_does() -> None:
    document = json.loads((FOLDER / "openapi" / "crmesh.json").read_text())
    offered = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "post", "put", "patch", "delete"} and not path.startswith("/admin/")
    }
    lines = re.findall(r"^\| `([A-Z]+ /\S+)` \| (.+) \|$", TEXT, re.MULTILINE)
    assert {operation for operation, _ in lines} == offered
    assert len(lines) == len(offered)


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_is_of_a_capability(service: str) -> None:
    section = TEXT.partition(f"\n## {service}\n")[2].partition("\n## ")[0]
    for model in published_by(service):
        assert f"`{model.TYPE}`" in section


def test_a_capability_without_a_test_is_refused() -> None:
    class Nothing:
        routes = ()

    with pytest.raises(LookupError, match="no test names"):
        list(capabilities("risk", Nothing(), {}))


def test_the_command_says_what_no_test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: object) -> None:
        raise Unnamed("no test names services.risk.holds")

    monkeypatch.setattr("cli.contracts.generate", refuse)
    app = typer.Typer()
    app.command()(contracts)
    result = CliRunner().invoke(app, ["--check"])
    assert (result.exit_code, "no test names services.risk.holds" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, ""), ("One thing.\n\nMore.", "One thing."), ("One\nthing, e.g. this. Another.", "One thing, e.g. this.")],
)
def test_the_first_sentence_is_what_a_line_has_room_for(text: str | None, said: str) -> None:
    assert first_sentence(text) == said
