"""A clock that the test sets, and where reports are made."""

from __future__ import annotations

from tests.targets.alerts.conftest import days
from tests.targets.reports.conftest import desk

__all__ = ["days", "desk"]
