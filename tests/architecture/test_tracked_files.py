"""What is committed runs anywhere: no paths of one machine, no private package hosts, no stray files."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT, name_of, tracked_files

MACHINE = re.compile(r"(?<![\w.])/(?:work|root|Users|home)/[\w.-]|(?<![\w.])/tmp/(?:scratch|bash)")
PACKAGE_HOSTS = re.compile(r"https?://([\w.-]+)")
ROOT_FILES = {
    ".dockerignore",
    ".env.example",
    ".gitignore",
    ".squawk.toml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "compose.yaml",
    "pyproject.toml",
    "uv.lock",
}


def test_no_machine_paths() -> None:
    wrong = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [
            f"{name_of(path)}:{number}" for number, line in enumerate(text.splitlines(), 1) if MACHINE.search(line)
        ]
    assert not wrong


def test_packages_come_from_the_public_index() -> None:
    tools = "tests/clients/tools"
    for name in ("uv.lock", f"{tools}/uv.lock"):
        assert set(PACKAGE_HOSTS.findall((ROOT / name).read_text())) <= {"pypi.org", "files.pythonhosted.org"}
    resolved = re.findall(r'"resolved": "(.+)"', (ROOT / tools / "package-lock.json").read_text())
    assert all(address.startswith("https://registry.npmjs.org/") for address in resolved)
    for name in ("pyproject.toml", "Makefile", ".ci/run", f"{tools}/pyproject.toml", f"{tools}/package.json"):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|extra-index|find-links|trusted-host", text), name


def test_root_holds_what_it_should() -> None:
    found = {path.name for path in tracked_files() if path.parent == ROOT}
    assert found <= ROOT_FILES
    assert {"LICENSE", "Makefile", "README.md", "pyproject.toml", "uv.lock"} <= found


def test_ci_calls_the_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert re.findall(r"^make .*$", script, re.MULTILINE) == ["make check", "make test", "make clients"]
    assert "set -euo pipefail" in script
    assert not re.search(r"\b(?:pip|npm|wget)\b|curl .*http", script)
    assert re.findall(r"for program in (.*);", script) == ["kcat curl chromium soffice"], "what no lock file can bring"


def test_no_file_is_large() -> None:
    """Generated API documents grow with every resource."""
    limits = {True: 10_000_000, False: 1_500_000}
    generated = ROOT / "contracts" / "openapi"
    large = {name_of(path) for path in tracked_files() if path.stat().st_size > limits[path.parent == generated]}
    assert not large
