"""What was injected: the record of each, and what the checker has to account for."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class Injection:
    """One thing that was done; `recovery` seconds from its end until a probe order was credited."""

    kind: str
    what: str
    at: float
    kills: int = 0
    recovery: float | None = None


@dataclass
class Injected:
    """What was written into the log from outside, for the checker to account for."""

    duplicates: int = 0
    corrupt: int = 0
    poison: dict[UUID, str] = field(default_factory=dict)
    """Event id -> key."""
