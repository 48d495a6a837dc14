"""States of a hold."""

from __future__ import annotations

from enum import StrEnum


class HoldState(StrEnum):
    """A hold stands until it is lifted."""

    STANDING = "standing"
    LIFTED = "lifted"
