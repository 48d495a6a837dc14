"""What other slices ask of the product directory."""

from __future__ import annotations

from collections.abc import Collection

from kit.events.projections import require_filled
from kit.work import Work
from services.targets.products import repository

DIRECTORY = "product_directory"


async def known_lines(work: Work, lines: Collection[str]) -> set[str]:
    """Those among `lines` that are the product line of a product.

    Raises ProjectionBuilding when one is unknown while the directory has never been filled.
    """
    known = await repository.list_lines(work.tx, lines) if lines else set[str]()
    if len(known) < len(set(lines)):
        await require_filled(work.tx, [DIRECTORY])
    return known
