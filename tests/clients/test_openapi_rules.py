"""The composed OpenAPI document passes the rules of Spectral and of OWASP, but for those that spectral.yaml names."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from cli.contracts import FOLDER
from tests.clients.pages import run

RULES = Path(__file__).with_name("spectral.yaml")
LINT = "npx spectral lint document.json --ruleset spectral.yaml --format json --quiet || true"


@pytest.fixture
def linting(folder: Path) -> Path:
    """The folder with document and rules."""
    shutil.copy(RULES, folder)
    shutil.copy(FOLDER / "openapi" / "crmesh.json", folder / "document.json")
    return folder


def test_of_the_whole_document_a_planted_fault_is_all_that_is_found(linting: Path) -> None:
    document = json.loads((linting / "document.json").read_text())
    del document["components"]["schemas"]["Problem"]["properties"]["title"]["maxLength"]
    (linting / "document.json").write_text(json.dumps(document))
    found = json.loads(run(LINT, linting, timeout=900))
    assert [(one["code"], one["path"][-2:]) for one in found] == [
        ("owasp:api4:2023-string-limit", ["properties", "title"])
    ], found[:10]


def test_every_rule_switched_off_says_why() -> None:
    lines = RULES.read_text().partition("rules:\n")[2].splitlines()
    for before, line in pairwise(lines):
        if line.endswith(": off"):
            assert before.strip().startswith("#"), line
