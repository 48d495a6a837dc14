"""Kinds and states of entries about partners."""

from __future__ import annotations

from enum import StrEnum


class PartnerLogKind(StrEnum):
    """Whether somebody was spoken to, or a partner needs something."""

    CONTACT = "contact"
    NEED = "need"


class PartnerLogState(StrEnum):
    """Whether something is to follow; an entry without a follow-up is closed from the beginning."""

    OPEN = "open"
    CLOSED = "closed"
