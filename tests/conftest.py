"""Fixtures that every test folder may use."""

pytest_plugins = ["kit.testing.plugin"]
