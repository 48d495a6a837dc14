"""Words of the lifecycle."""

from __future__ import annotations

from enum import StrEnum


class LifecycleStrategy(StrEnum):
    """What an account in a stage is worked for."""

    APPROACH = "approach"
    ONBOARD = "onboard"
    GROW = "grow"
    RETAIN = "retain"
    WIN_BACK = "win_back"
    REBUILD = "rebuild"
