"""Targets split along a dimension. Key: the id of their root target."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode
from services.targets.events_out.targets import TARGET, AmountUnit


class DecompositionChild(Part):
    """One child of a decomposition; `is_balancing` is nobody's and holds what the others are beyond or short of."""

    target_id: UUID
    key: str
    amount: int
    is_balancing: bool = False


class TargetDecomposed(Published):
    """A target was split along a dimension, or its children share it otherwise (a higher `version`, with all children):
    they sum to `amount` exactly. Of a table (`table_id`) the
    children of its columns (`is_cross`) are those of its rows: their parents are the rows."""

    id: UUID
    target_id: UUID
    root_id: UUID
    dimension: str
    amount: int
    children: list[DecompositionChild]
    version: int
    amount_unit: AmountUnit | None = None
    reason: ReasonCode | None = None
    table_id: UUID | None = None
    is_cross: bool = False

    TYPE: ClassVar[str] = "targets.target.decomposed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "root_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000c9",
        "target_id": TARGET["id"],
        "root_id": TARGET["id"],
        "dimension": "month",
        "amount": 10000001,
        "children": [
            {
                "target_id": "01989f2e-0000-7000-8000-0000000000c2",
                "key": "2026-01",
                "amount": 3333334,
                "is_balancing": False,
            },
            {
                "target_id": "01989f2e-0000-7000-8000-0000000000c3",
                "key": "2026-02",
                "amount": 3333334,
                "is_balancing": False,
            },
            {
                "target_id": "01989f2e-0000-7000-8000-0000000000c4",
                "key": "2026-03",
                "amount": 3333333,
                "is_balancing": False,
            },
        ],
        "version": 1,
        "amount_unit": "minor_unit",
        "reason": "annual_plan",
        "table_id": None,
        "is_cross": False,
    }


PUBLISHED: tuple[type[Published], ...] = (TargetDecomposed,)
AGREED: tuple[type[Published], ...] = ()
