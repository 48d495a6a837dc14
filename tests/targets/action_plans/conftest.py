"""A clock that the test sets."""

from __future__ import annotations

from tests.targets.alerts.conftest import days

__all__ = ["days"]
