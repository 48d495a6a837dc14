"""SQL of risks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.db.text_keys import code_sql
from services.risk.risks.models import Risk, RiskStep

_BY_EXTERNAL = select_sql(Risk, "external_id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE")
_BY_ID = select_sql(Risk, "id = ANY($1::uuid[])")
_BY_CODE = select_sql(Risk, f"{code_sql('code')} = ANY($1::text[])")


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
