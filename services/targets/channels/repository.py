"""SQL of the channel directory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.targets.channels.models import ChannelEntry
from services.targets.credits.lists import label_sql

_LATER = "ON CONFLICT (id) DO UPDATE SET version = excluded.version WHERE channel_directory.version < excluded.version"
_KNOWN = f"""
SELECT k.id FROM unnest($1::uuid[]) AS k(id)
WHERE EXISTS (SELECT FROM channel_directory c WHERE c.id = k.id)
OR EXISTS (SELECT FROM credit_label l WHERE l.id = {label_sql("channel", "k.id::text")})
"""


async def put_channels(tx: Tx, rows: Sequence[ChannelEntry]) -> None:
    """Insert or replace channels by a later version; each id once, sorted."""
    await insert_rows(tx, ChannelEntry, rows, _LATER)


async def list_known(tx: Tx, channel_ids: Collection[UUID]) -> set[UUID]:
    """Those of these that channels has told of, or through which something was sold: that is heard in another lane."""
    return set(await tx.column(UUID, _KNOWN, list(channel_ids)))
