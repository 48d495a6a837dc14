"""The services by name, imported on use: the only list of them in cli and standalone."""

from __future__ import annotations

import importlib
from types import ModuleType

from kit.collector import collector_paused

SERVICES = ("customer", "targets", "channels", "risk")


def room(service: str, name: str) -> ModuleType:
    """A room of a service, for example `room("risk", "subscriptions")`."""
    if service not in SERVICES:
        raise KeyError(service)
    with collector_paused():
        return importlib.import_module(f"services.{service}.{name}")
