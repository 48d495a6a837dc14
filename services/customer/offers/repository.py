"""SQL of what channels offers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.offers.models import ChannelEntry, PromotionEntry, QuoteEntry

_LATER_CHANNEL = (
    "ON CONFLICT (id) DO UPDATE SET code = excluded.code, kind = excluded.kind, is_direct = excluded.is_direct, "
    "is_active = excluded.is_active, version = excluded.version WHERE channel_directory.version < excluded.version"
)
_LATER_QUOTE = (
    "ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, partner_id = excluded.partner_id, "
    "channel_id = excluded.channel_id, currency = excluded.currency, "
    "payment_terms_days = excluded.payment_terms_days, points = excluded.points, lines = excluded.lines, "
    "version = excluded.version WHERE quote_directory.version < excluded.version"
)
_LATER_PROMOTION = (
    "ON CONFLICT (id) DO UPDATE SET code = excluded.code, state = excluded.state, version = excluded.version "
    "WHERE promotion_directory.version < excluded.version"
)


async def put_promotions(tx: Tx, rows: Sequence[PromotionEntry]) -> None:
    """Insert or replace promotions by a later version; each id once, sorted."""
    await insert_rows(tx, PromotionEntry, rows, _LATER_PROMOTION)


async def known_promotions(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those of these promotions that were heard of."""
    rows = await tx.fetch("SELECT id FROM promotion_directory WHERE id = ANY($1::uuid[])", list(ids)) if ids else []
    return {row["id"] for row in rows}


async def put_quotes(tx: Tx, rows: Sequence[QuoteEntry]) -> None:
    """Insert or replace quotes by a later version; each id once, sorted."""
    await insert_rows(tx, QuoteEntry, rows, _LATER_QUOTE)


async def find_quote(tx: Tx, quote_id: UUID) -> QuoteEntry | None:
    """A quote, None when nothing was heard of it."""
    return await tx.row(QuoteEntry, select_sql(QuoteEntry, "id = $1"), quote_id)


async def put_channels(tx: Tx, rows: Sequence[ChannelEntry]) -> None:
    """Insert or replace channels by a later version; each id once, sorted."""
    await insert_rows(tx, ChannelEntry, rows, _LATER_CHANNEL)
