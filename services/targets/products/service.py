"""What other slices ask of the product directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

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


async def launches_of(work: Work, skus: Collection[str]) -> dict[str, date | None]:
    """Launch dates (None: not said) of those among `skus` that channels has told of."""
    return await repository.list_launches(work.tx, skus) if skus else {}
