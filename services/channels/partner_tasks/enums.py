"""States of tasks of partners."""

from __future__ import annotations

from enum import StrEnum


class PartnerTaskState(StrEnum):
    """Whether something is still to be done."""

    OPEN = "open"
    DONE = "done"
