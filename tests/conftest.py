"""Fixtures that every test folder may use, and how laws are tried."""

from hypothesis import settings

pytest_plugins = ["kit.testing.plugin"]

# A busy machine makes one example slow, which says nothing about the law.
settings.register_profile("crmesh", deadline=None)
settings.load_profile("crmesh")
