"""What the documents name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, name_of, tracked_files, tree_of

TOP = {".ci", "bench", "cli", "contracts", "deploy", "docs", "gateway", "kit", "services", "standalone", "tests"}
MADE_LATER = {"bench/out"}
"""Folders that programs make."""
DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]
DECISIONS = ROOT / "docs" / "architecture" / "decisions.md"


def named_paths(text: str) -> set[str]:
    """Paths in backticks whose first folder is one of ours; patterns (`<x>`, `*`, `{a,b}`) are none."""
    found = set()
    for quoted in re.findall(r"`([^`\s]+)`", text):
        path = quoted.partition("::")[0].rstrip("/")
        if "/" in path and path.split("/")[0] in TOP and not re.search(r"[<>*{}()$]|\.\.\.|:", path):
            found.add(path)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_named_paths_exist(document: Path) -> None:
    missing = {
        path
        for path in named_paths(document.read_text()) - MADE_LATER
        if not (ROOT / path).exists() and not (document.parent / path).exists()
    }
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in local if not (document.parent / link).exists()]


@pytest.mark.parametrize("page", sorted(set(DECISIONS.parent.glob("*.md")) - {DECISIONS}), ids=name_of)
def test_a_page_of_the_architecture_says_what_it_promises_how_and_where_it_ends(page: Path) -> None:
    text = page.read_text()
    headings = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    assert "**Promise.**" in text
    assert any(one.startswith("How") for one in headings), headings
    assert {"Tested by", "Where it ends"} <= headings


def test_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    wrong = {
        f"{name_of(document)}: make {target}"
        for document in DOCUMENTS
        for target in re.findall(r"`make ([a-z][a-z0-9-]*)", document.read_text())
        if target not in targets
    }
    assert not wrong


def decisions() -> list[tuple[str, str]]:
    """(decision, how it is shown) of every row of the tables."""
    rows = [line.strip().strip("|").split("|") for line in DECISIONS.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [(row[0], row[1]) for row in cells if len(row) == 2 and row[0] not in {"Decision", "---"}]


def test_every_decision_is_shown_or_later() -> None:
    assert len(decisions()) > 60
    for decision, shown in decisions():
        assert shown.startswith("later") or "::" in shown, decision


def names_in(file: Path) -> set[str]:
    """Names of what a test file defines; none where it is not there."""
    return {n.name for n in ast.walk(tree_of(file)) if hasattr(n, "name")} if file.exists() else set()


def test_named_tests_exist() -> None:
    missing = set()
    for page in DECISIONS.parent.glob("*.md"):
        for path, name in re.findall(r"`([\w/]+\.py)::(\w+)`", page.read_text()):
            if not any(name in names_in(place / path) for place in (ROOT, ROOT / "tests" / page.stem)):
                missing.add(f"{page.name}: {path}::{name}")
    assert not missing


def test_records_are_numbered_and_have_their_parts() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert all(f"## {part}\n" in text for part in ("Context", "Decision", "Consequences")), path.name
