"""Fixtures that every test folder may use, and how laws are tried."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from kit.collector import settle_collector

pytest.register_assert_rewrite("tests.shared_suites")
pytest_plugins = ["kit.testing.plugin", "tests.shared_suites.databases"]

# A busy machine makes one example slow, which says nothing about the law.
settings.register_profile("crmesh", deadline=None)
settings.load_profile("crmesh")

# A broker of a test lives for seconds or minutes: what the second compiler would save it never earns back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")

# Tests are collected once and stay: looking for what could be freed of them takes a fifth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    settle_collector()
    gc.enable()
