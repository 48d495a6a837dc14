"""States of agreements, and what they give of a territory."""

from __future__ import annotations

from enum import StrEnum


class AgreementState(StrEnum):
    """A version is written, put forward, signed by a second person; then it holds until its last day."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    SIGNED = "signed"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class AgreementMode(StrEnum):
    """Which ways of selling an agreement is about."""

    ONLINE = "online"
    OFFLINE = "offline"
    ALL = "all"


class AgreementExclusivity(StrEnum):
    """Who else may sell: anybody, no other partner (the company itself may), nobody."""

    NONE = "none"
    SOLE = "sole"
    EXCLUSIVE = "exclusive"


class AgreementClauseSide(StrEnum):
    """Who is bound by a clause."""

    COMPANY = "company"
    PARTNER = "partner"
    BOTH = "both"
