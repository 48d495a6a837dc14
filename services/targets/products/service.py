"""What other slices ask of the product directory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from kit.events.projections import require_filled
from kit.work import Work
from services.targets.products import repository

DIRECTORY = "product_directory"


async def known_lines(work: Work, lines: Collection[str]) -> dict[str, str]:
    """Those among `lines` that are the product line of a product, in whatever case, with its own spelling.

    Raises ProjectionBuilding when one is unknown while the directory has never been filled.
    """
    known = {line: line for line in await repository.list_lines(work.tx, lines)} if lines else {}
    if others := set(lines) - known.keys():
        await require_filled(work.tx, [DIRECTORY])
        known |= await repository.list_spelt(work.tx, others)
    return known


def line_problem(known: Mapping[str, str], line: str) -> str:
    """Why a line is none of those that are known (`known_lines`); empty where it is one."""
    meant = known.get(line)
    return "" if meant == line else "no product is of this line" + (f"; expected {meant}" if meant else "")


async def launches_of(work: Work, skus: Collection[str]) -> dict[str, date | None]:
    """Launch dates (None: not said) of those among `skus` that channels has told of."""
    return await repository.list_launches(work.tx, skus) if skus else {}
