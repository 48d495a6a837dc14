"""Fixtures that every test folder may use, and how laws are tried."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from kit.collector import collector_paused, settle_collector

pytest.register_assert_rewrite("tests.shared_suites")
pytest_plugins = ["kit.testing.plugin", "tests.shared_suites.databases"]

# A busy machine makes one example slow, which says nothing about the law.
settings.register_profile("crmesh", deadline=None)
settings.load_profile("crmesh")

# A broker of a test lives for seconds or minutes: what the second compiler would save it never earns back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

FILLED = {
    f"tests/e2e/{path.name}"
    for path in (Path(__file__).parent / "e2e").glob("test_*.py")
    if re.search(r"def test_\w+\([^)]*\bworld: World", path.read_text(encoding="utf-8"))
}
"""Files whose tests share the filled system (the fixture `world` of e2e)."""


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist is not typed
    """A file stays in one process; so do the files that share a running system, which then is started once."""

    def _split_scope(self, nodeid: str) -> str:
        path: str = super()._split_scope(nodeid)
        if path in FILLED:
            return "the filled system"
        return "the clients" if path.startswith("tests/clients/") else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """How `--dist loadfile` spreads files over processes."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Tests are made once and stay: to look for what could be freed of them takes a fifth of the time."""
    with collector_paused():
        found = yield
    settle_collector()
    return found
