"""States of amendments."""

from __future__ import annotations

from enum import StrEnum


class AmendmentState(StrEnum):
    """Open until it is signed or withdrawn."""

    DRAFT = "draft"
    APPROVED = "approved"
    SIGNED = "signed"
    WITHDRAWN = "withdrawn"
