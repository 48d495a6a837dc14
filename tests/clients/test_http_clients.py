"""docs/http-clients.md, followed to the letter: generated clients compile and do their work on a running system."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.contracts import FOLDER
from tests.architecture.source import ROOT
from tests.clients.conftest import TOOLS, Running
from tests.clients.pages import run, save_programs, script_of

PAGE = "http-clients.md"
SAID = re.compile(r"order SO-\d+-\d+ is (?:confirmed|on_hold), 3998 USD\nattained on \S+: (\d+) USD; \d+ orders wait\n")


@pytest.mark.parametrize("heading", ["TypeScript", "Python"])
def test_a_generated_client_does_its_work(running: Running, folder: Path, tmp_path: Path, heading: str) -> None:
    place = tmp_path if heading == "Python" else folder  # outside: nothing of this repository's settings is found
    save_programs(PAGE, heading, place)
    assert SAID.search(run(script_of(PAGE, heading), place, CRMESH=running.url))


def test_types_of_the_whole_document_compile(folder: Path) -> None:
    document = FOLDER / "openapi" / "crmesh.json"
    run(f"npx openapi-typescript {document} -o crmesh.d.ts && npx tsc --strict --noEmit crmesh.d.ts", folder)


def test_the_whole_python_client_compiles(tmp_path: Path) -> None:
    document = FOLDER / "openapi" / "crmesh.json"
    config = "echo 'post_hooks: []' >generator.yaml"
    generate = "openapi-python-client generate --config generator.yaml --meta none --output-path crmesh_client"
    said = run(f"{config} && {generate} --path {document} 2>&1 && mypy --strict crmesh_client", tmp_path)
    assert not re.search(r"warning|error", said.replace("no issues", ""), re.IGNORECASE), said


def test_the_page_names_the_versions_that_are_tried() -> None:
    text = (ROOT / "docs" / PAGE).read_text()
    wanted = json.loads((TOOLS / "package.json").read_text())["dependencies"]
    for name in ("openapi-fetch", "openapi-typescript", "typescript"):
        assert f"{name}@{wanted[name]}" in text
    locked = (ROOT / "tests" / "clients" / "tools" / "uv.lock").read_text()
    (version,) = re.findall(r'name = "openapi-python-client"\nversion = "(.+)"', locked)
    assert f"openapi-python-client=={version} " in text
