"""What dates bring about: a target closes some days after its period."""

from __future__ import annotations

from collections.abc import Sequence

from kit.due.due import Due
from kit.work import Work
from services.targets.targets.models import Target
from services.targets.targets.moves import close_due

AT_ONCE = 500
"""Targets of a tree that are closed in one transaction."""


async def close_trees(work: Work, roots: Sequence[Target]) -> None:
    """Close what is due below each root; roots are the locks of their trees, as for every command."""
    for root in sorted(roots, key=lambda one: one.id):
        await close_due(work, root.id, AT_ONCE)


CLOSINGS_DUE = Due("target-closing", Target, close_trees, "t.due_at IS NOT NULL", batch=10)
