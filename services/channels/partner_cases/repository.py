"""SQL of what cases say of a partner."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.db.database import Tx
from services.channels.partner_cases.rules import CaseGroup

_GROUPS = """
SELECT c.kind, c.severity, c.root_cause, count(*) AS cases, count(*) FILTER (WHERE c.state = 'closed') AS closed,
    count(*) FILTER (WHERE c.is_breached) AS breached,
    coalesce(sum(c.days_open) FILTER (WHERE c.state = 'closed'), 0)::bigint AS days,
    sum(c.remedy_base)::bigint AS remedy_base
FROM sale s JOIN case_fact c ON c.order_id = s.order_id
WHERE s.partner_id = $1 AND c.opened_on BETWEEN $2 AND $3 GROUP BY 1, 2, 3
"""
_ORDERS = """
SELECT count(*) FROM sale s WHERE s.partner_id = $1 AND s.order_date BETWEEN $2 AND $3 AND EXISTS (
    SELECT FROM sale_line l WHERE l.order_id = s.order_id AND (l.quantity IS NULL OR l.quantity > l.returned))
"""


async def case_groups(tx: Tx, partner_id: UUID, first: date, last: date) -> list[CaseGroup]:
    """Cases that were opened on some days about orders of a partner, whenever those were made."""
    return await tx.rows(CaseGroup, _GROUPS, partner_id, first, last)


async def kept_orders(tx: Tx, partner_id: UUID, first: date, last: date) -> int:
    """How many orders of some days a partner sold that did not come back as a whole."""
    return int(await tx.fetchval(_ORDERS, partner_id, first, last))
