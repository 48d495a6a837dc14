"""Bodies of the commits."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Amount, Schema, Text
from services.targets.commits.enums import ReconcileMode


class CommitCreate(Schema):
    """What is committed to: 0 is a commit of nothing, null takes back what was committed before."""

    model_config = ConfigDict(json_schema_extra={"example": {"amount": 300000, "note": "Two tenders are open"}})

    amount: Amount | None
    note: Text = Field(default="", description="why so much; it stays in this service")


class ReconcileCreate(Schema):
    """`redistribute`: commits are locks, the drivers share what they leave among the rest. `roll_up`: the target
    becomes the sum of the commits and, where there is none, of the amounts."""

    model_config = ConfigDict(json_schema_extra={"example": {"mode": "redistribute"}})

    mode: ReconcileMode


class CommitRead(Schema):
    """A commit; of a target the one with the highest `number` counts. `author` is a token subject."""

    target_id: UUID
    number: int
    amount: int | None
    note: str
    author: str
    committed_at: datetime


class ChildGapRead(Schema):
    """A child target: `commit` is null where there is none; `difference` is how much it is beyond the amount."""

    target_id: UUID
    key: str
    name: str
    amount: int
    commit: int | None
    difference: int | None


class CommitGapRead(Schema):
    """What was committed to the children of a decomposition against what it splits: `gap` is what `committed`, the sum
    of the commits, lacks of `amount` (below 0: it is more); `open` counts the children without a commit."""

    target_id: UUID
    decomposition_id: UUID
    amount: int
    committed: int
    gap: int
    open: int
    children: list[ChildGapRead]
