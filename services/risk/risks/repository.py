"""SQL of risks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.db.text_keys import code_sql
from services.risk.risks.models import Risk, RiskStep

_BY_EXTERNAL = select_sql(Risk, "external_id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE")
_BY_ID = select_sql(Risk, "id = ANY($1::uuid[])")
_TREATED = """
SELECT coalesce(bool_or(state = 'planned' OR state IN ('approved', 'in_progress') AND response <> 'accept'), false)
         AS is_open,
       coalesce(bool_or(state IN ('in_progress', 'completed', 'verified') OR state = 'approved'
         AND response = 'accept'), false) AS is_treated
FROM treatment WHERE risk_id = $1
"""
_RED_ALERT = """
SELECT EXISTS (SELECT FROM risk_alert WHERE risk_ids @> ARRAY[$1::uuid] AND state <> 'resolved' AND level = 'red')
"""
_BY_CODE = select_sql(Risk, f"{code_sql('code')} = ANY($1::text[])")


async def has_red_alert(tx: Tx, risk_id: UUID) -> bool:
    """Whether a red alert about a risk stands."""
    return bool(await tx.fetchval(_RED_ALERT, risk_id))


class Treated(NamedTuple):
    """Whether a treatment of a risk waits or is under way; whether one is under way or done, or the risk accepted."""

    is_open: bool
    is_treated: bool


async def treated(tx: Tx, risk_id: UUID) -> Treated:
    """How far the treatments of a risk are."""
    (found,) = await tx.rows(Treated, _TREATED, risk_id)
    return found


async def lock_by_external(tx: Tx, external_ids: Collection[str]) -> list[Risk]:
    """Risks with these external ids, locked in the order of their ids."""
    return await tx.rows(Risk, _BY_EXTERNAL, sorted(external_ids))


async def list_by_id(tx: Tx, ids: Collection[UUID]) -> list[Risk]:
    """Risks with these ids."""
    return await tx.rows(Risk, _BY_ID, sorted(ids))


async def list_by_code(tx: Tx, codes: Collection[str]) -> list[Risk]:
    """Risks with these folded codes."""
    return await tx.rows(Risk, _BY_CODE, sorted(codes))


async def add_steps(tx: Tx, steps: Sequence[RiskStep]) -> None:
    """Keep states that risks have from now on."""
    await insert_rows(tx, RiskStep, steps)
