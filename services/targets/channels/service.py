"""What other slices ask of the channel directory."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.events.projections import require_filled
from kit.work import Work
from services.targets.channels import repository

DIRECTORY = "channel_directory"


async def known_channels(work: Work, channel_ids: Collection[UUID]) -> set[UUID]:
    """Those of these that channels has told of, or through which something was sold.

    Raises ProjectionBuilding when one is unknown while the directory has never been filled.
    """
    known = await repository.list_known(work.tx, channel_ids) if channel_ids else set[UUID]()
    if len(known) < len(set(channel_ids)):
        await require_filled(work.tx, [DIRECTORY])
    return known
