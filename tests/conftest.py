"""Fixtures that every test folder may use, and how laws are tried."""

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.shared_suites")
pytest_plugins = ["kit.testing.plugin"]

# A busy machine makes one example slow, which says nothing about the law.
settings.register_profile("crmesh", deadline=None)
settings.load_profile("crmesh")

# A broker of a test lives for seconds or minutes: what the second compiler would save it never earns back.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
