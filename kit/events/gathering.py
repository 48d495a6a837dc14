"""How long to wait from a small batch to the next, so that events that come one after another share a transaction.

A batch costs mostly the same whatever it holds. A window of about four times its duration keeps the work at a quarter
of the time when little comes, and grows with the load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FACTOR: Final = 4.0


@dataclass(frozen=True, slots=True)
class Gathering:
    """The shortest and the longest window, in seconds from the start of one batch to that of the next; and for how many
    the log may hold records back meanwhile, so that they come together (0: each comes at once)."""

    least: float
    most: float
    held: float = 0.0

    def pause(self, spent: float) -> float:
        """Seconds to wait after a small batch that took `spent` seconds; not above 0 when the window is over."""
        return min(self.most, max(self.least, FACTOR * spent)) - spent


DECISIONS: Final = Gathering(0.02, 0.25)
"""Somebody waits for them."""
LABELS: Final = Gathering(0.25, 1.0, held=0.25)
"""Decisions and lists read them, and tolerate that they lag."""
DERIVED: Final = Gathering(0.5, 1.0, held=0.25)
"""Figures: a batch of them writes a dozen tables."""
SENDING: Final = Gathering(0.01, 0.05)
"""The relay: writers of its process wake it at every commit."""
