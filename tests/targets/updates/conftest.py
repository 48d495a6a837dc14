"""What tests of news share with those of alerts."""

from __future__ import annotations

from tests.targets.alerts.conftest import days

__all__ = ["days"]
