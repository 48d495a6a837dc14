"""SQL of agreements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.channels.agreements.enums import AgreementMode
from services.channels.agreements.models import RANGES, Agreement, AgreementCell
from services.channels.agreements.rules import Discount

LOCK = 0x43524D_32
"""Advisory lock of whatever changes who holds which cell: it sees what was signed before."""

_VERSIONS = select_sql(Agreement, "number = $1 ORDER BY agreement_version")
_LOCK_VERSIONS = "SELECT FROM agreement WHERE number = $1 ORDER BY agreement_version FOR NO KEY UPDATE"
_SHARED = " AND ".join(f"{each.format('c.')} && {each.format('n.')}" for each in RANGES)
_OVERLAPPING = f"""
SELECT c.number, c.partner_id, c.valid_from, c.valid_to, c.region, c.product_line
FROM json_populate_recordset(NULL::agreement_cell, $1::json) n JOIN agreement_cell c ON {_SHARED}
WHERE c.number <> n.number AND CASE WHEN c.partner_id = n.partner_id
    THEN c.exclusivity <> 'none' AND n.exclusivity <> 'none' ELSE c.exclusivity <> 'none' OR n.exclusivity <> 'none' END
ORDER BY c.valid_from, c.number, c.region, c.product_line LIMIT 1
"""
_END_CELLS = "UPDATE agreement_cell SET valid_to = $2::date WHERE agreement_id = $1 AND valid_from <= $2::date"
_DROP_CELLS = "DELETE FROM agreement_cell WHERE agreement_id = $1 AND valid_from > $2::date"
_VOLUME = """
SELECT COALESCE(sum(l.net_base - l.returned_net_base), 0) FROM sale s JOIN sale_line l USING (order_id)
WHERE s.partner_id = $1 AND s.order_date >= $2 AND ($3::date IS NULL OR s.order_date <= $3)
    AND EXISTS (SELECT FROM unnest($4::text[]) AS t (region) WHERE lower(s.region COLLATE "C") = t.region
        OR starts_with(lower(s.region COLLATE "C"), t.region || '-'))
    AND (cardinality($5::text[]) = 0 OR lower(l.product_line COLLATE "C") = ANY($5::text[]))
"""

_DISCOUNTS = """
SELECT DISTINCT lower(x.product_line COLLATE "C") AS product_line, x.discount, c.valid_to
FROM agreement_cell c JOIN agreement a ON a.id = c.agreement_id
CROSS JOIN LATERAL jsonb_to_recordset(a.discounts) AS x(product_line text, discount int)
WHERE c.partner_id = $1 AND c.valid_from <= $2 AND (c.valid_to IS NULL OR c.valid_to >= $2)
    AND c.region = ANY($3::text[]) AND c.mode = ANY($4::text[])
    AND c.product_line IN ('', lower(x.product_line COLLATE "C"))
"""
_IN_FORCE = (
    "SELECT DISTINCT number FROM agreement WHERE partner_id = $1 AND (state = 'signed' AND "
    "(ends_on IS NULL OR ends_on >= $2) OR state = 'terminated' AND ends_on > $2) ORDER BY number"
)


class Overlap(NamedTuple):
    """A cell of another agreement that stands in the way, with its days."""

    number: str
    partner_id: UUID
    valid_from: date
    valid_to: date | None
    region: str
    product_line: str


async def hold_lock(tx: Tx) -> None:
    """Wait for whoever changes who holds what, and keep others from it until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def numbers_in_force(tx: Tx, partner_id: UUID, day: date) -> list[str]:
    """Numbers of agreements of a partner that are signed and do not end before a day, or go on after it."""
    return await tx.column(str, _IN_FORCE, partner_id, day)


async def next_number(tx: Tx) -> int:
    """The next number of the sequence; a rollback leaves a gap."""
    return int(await tx.fetchval("SELECT nextval('agreement_number_seq')"))


async def lock_versions(tx: Tx, number: str) -> list[Agreement]:
    """All versions of an agreement, the first one first, locked; read again then."""
    await tx.execute(_LOCK_VERSIONS, number)
    return await tx.rows(Agreement, _VERSIONS, number)


async def find_overlap(tx: Tx, cells: Sequence[AgreementCell]) -> Overlap | None:
    """The first cell of another agreement that shares a day, region, line and mode where one must not."""
    return await tx.row(Overlap, _OVERLAPPING, dumps(cells))


async def add_cells(tx: Tx, cells: Sequence[AgreementCell]) -> None:
    """Let a version hold its cells."""
    await insert_rows(tx, AgreementCell, cells)


async def end_cells(tx: Tx, agreement_id: UUID, last: date) -> None:
    """A version holds nothing after a day."""
    await tx.execute(_DROP_CELLS, agreement_id, last)
    await tx.execute(_END_CELLS, agreement_id, last)


async def volume_of(
    tx: Tx, partner_id: UUID, first: date, last: date | None, territory: Sequence[str], lines: Sequence[str]
) -> int:
    """Net sales of a partner in folded regions, and what they cover, of folded lines (none: all)."""
    return int(await tx.fetchval(_VOLUME, partner_id, first, last, territory, lines))


async def discounts_on(
    tx: Tx, partner_id: UUID, day: date, regions: Sequence[str], modes: Sequence[AgreementMode]
) -> list[Discount]:
    """What agreements that hold on a day, in one of these folded regions and modes, take off product lines."""
    rows = await tx.fetch(_DISCOUNTS, partner_id, day, regions, modes)
    return [(row["product_line"], row["discount"], row["valid_to"]) for row in rows]
