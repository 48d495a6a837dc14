"""Bodies of the decompositions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import MAX_AMOUNT, SHARE_WHOLE
from kit.web.schema import Amount, BusinessDate, Label, PositiveShare, Schema, Share
from services.targets.day_profiles.enums import Basis
from services.targets.decompositions.enums import Dimension, DriverKind
from services.targets.targets.enums import Metric, TargetState

MAX_CHILDREN = 2_000
MAX_LEVELS = 6
_CHILD = {"member_id": "01989f2e-0000-7000-8000-0000000000a1", "weight": 2, "locked": 2000000}


class ChildCreate(Schema):
    """A child: `unit_id` or `member_id` in these dimensions, else `key` (`2026-01`, `2026-Q1`, or the value: a region
    by ISO 3166-2, the product line of a product, a customer type). No child overlaps another or leaves the target.

    `weight` is the input of the custom driver: null takes part with the mean of the others, 0 excludes.
    """

    key: Label | None = None
    unit_id: UUID | None = None
    member_id: UUID | None = None
    name: Label | None = None
    weight: int | None = Field(default=None, strict=True, ge=0, le=MAX_AMOUNT)
    locked: Amount | None = None
    floor: Amount | None = None
    cap: Amount | None = None
    reason: Label | None = None
    rate: int | None = Field(
        default=None,
        strict=True,
        ge=-SHARE_WHOLE,
        le=SHARE_WHOLE,
        description="of a ratio: the rate that the child keeps",
    )
    growth: int | None = Field(default=None, strict=True, ge=-SHARE_WHOLE, le=10 * SHARE_WHOLE)


class DriverParams(Schema):
    """Parameters of a driver: the period of `historical_share` (without one, a year before the child's) and the metric
    whose history it takes (without one, the target's); of `growth_uniform` the growth from one part of the time to the
    next, in millionths; of `capacity` the share that members bring in each 30 days since they joined."""

    model_config = ConfigDict(populate_by_name=True)

    first: BusinessDate | None = Field(default=None, alias="from")
    last: BusinessDate | None = Field(default=None, alias="to")
    metric: Metric | None = None
    step: int = Field(default=0, strict=True, ge=-500_000, le=SHARE_WHOLE)
    ramp: list[Share] | None = Field(default=None, max_length=24)


class DriverCreate(Schema):
    """One part of the mix of weights; the weights of the drivers count relative to each other.

    `seasonality` and `working_days` split by time: by the day profile of what was credited in the target's scope in up
    to three whole years before its period, and by the number of working days. `historical_share` takes what was
    credited in each child's scope, `growth_uniform` what was a year earlier, grown by the child's `growth`.
    `market_potential` takes the newest observed size of each child's market, of members and units without one of their
    own the sum over the regions of their territories. `capacity` takes, by unit, member or time, the working days of
    the members by their capacity share, `ramp`, and what they brought a day in the 365 days before (of who is new the
    mean of the unit); directors and market support bring nothing.
    """

    kind: DriverKind
    weight: PositiveShare = 1_000_000
    params: DriverParams | None = None


class SplitCreate(Schema):
    """Along what to split, by which drivers, into which children."""

    dimension: Dimension
    drivers: list[DriverCreate] = Field(default=[DriverCreate(kind=DriverKind.EQUAL)], min_length=1, max_length=10)
    children: list[ChildCreate] = Field(default=[], max_length=MAX_CHILDREN, examples=[[_CHILD]])


class DecompositionCreate(SplitCreate):
    """How to split. In the dimensions of time children that are left out are made from the period.

    The first decomposition of a target is the crediting one unless it says otherwise; a later one that claims
    `is_crediting` takes the mark over. With `over_assignment` o the children split the amount x (1 + o), and a
    balancing child, which is nobody's, holds the difference. With `dry_run` the cells are answered and nothing is kept.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "dimension": "month",
                "drivers": [{"kind": "equal", "weight": 600000}, {"kind": "custom", "weight": 400000}],
                "children": [{"key": "2026-01", "weight": 3}, {"key": "2026-02", "locked": 3000000}],
            }
        }
    )

    is_crediting: bool | None = Field(default=None, strict=True)
    over_assignment: Share = 0
    dry_run: bool = Field(default=False, strict=True)


class ProfileRead(Schema):
    """A day profile in millionths: of Monday to Sunday, public days off, make-up days and own closing days, and of the
    months from January on. The weight of a day is the product."""

    classes: list[int]
    months: list[int]


class DriverRead(Schema):
    """One part of the mix. `basis` is that of seasonality: the day profile, its weekdays alone (less than a year is
    known, or a month brought nothing), or the working days (less than 56 days are known)."""

    kind: DriverKind
    weight: int
    params: dict[str, str | int | list[int]] | None
    basis: Basis | None
    profile: ProfileRead | None


class DecompositionItem(Schema):
    """A decomposition without its children; `children_sum` equals `amount`. `overlapping` is one of an early release
    that has a unit and a unit above it among its children: their results sum to more than the target's. `table_id`
    is the table of whose row or (`is_cross`) column it is; the children of a column are children of the rows.
    `over_assignment` is the share by which the children were to pass the amount, in millionths. One that was retired
    (`retired_on`) says how it was. `bases_sum` is false of a ratio's of an early release whose children's planned
    denominators do not sum to its target's."""

    id: UUID
    target_id: UUID
    root_id: UUID
    dimension: Dimension
    amount: int
    children_sum: int
    over_assignment: int
    drivers: list[DriverRead]
    is_crediting: bool
    overlapping: bool
    table_id: UUID | None
    is_cross: bool
    retired_on: date | None
    bases_sum: bool
    version: int
    created_at: datetime
    updated_at: datetime


class ChildRead(Schema):
    """A child target: `computed` is the split without constraints, `bound` the constraint that decided, `driver_values`
    what each driver gave, in the order of the drivers (null: no input; in decompositions of an early release none).
    `committed` as `bound` is a commit that was reconciled. A balancing child holds the difference to the amount."""

    target_id: UUID
    key: str
    name: str
    state: TargetState
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    amount: int
    computed: int
    weight: int | None
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    reason: str | None
    driver_values: list[int | None] | None
    is_balancing: bool


class DecompositionRead(DecompositionItem):
    """A decomposition with its children."""

    children: list[ChildRead]


class CellShown(Schema):
    """A child that is not kept."""

    key: str = Field(validation_alias="child_key")
    name: str
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    amount: int
    computed: int
    weight: int | None
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    driver_values: list[int | None] | None
    is_balancing: bool


class DecompositionShown(Schema):
    """What a decomposition would be."""

    target_id: UUID
    dimension: Dimension
    amount: int
    drivers: list[DriverRead]
    children: list[CellShown]


class PathConstraint(Schema):
    """A constraint of one cell: `path` are the keys of the children from the first level down to it."""

    path: list[Label] = Field(min_length=1, max_length=MAX_LEVELS)
    locked: Amount | None = None
    floor: Amount | None = None
    cap: Amount | None = None
    reason: Label | None = None


class CascadeCreate(Schema):
    """Levels, each of which splits every leaf of the one before: up to 20,000 cells at once, up to 200,000 by a job. Of
    the children that a level names, a leaf takes those that lie inside it; each lies inside one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "levels": [{"dimension": "quarter"}, {"dimension": "month", "drivers": [{"kind": "working_days"}]}],
                "constraints": [{"path": ["2026-Q1", "2026-01"], "cap": 4000000, "reason": "stocktaking"}],
            }
        }
    )

    levels: list[SplitCreate] = Field(min_length=1, max_length=MAX_LEVELS)
    constraints: list[PathConstraint] = Field(default=[], max_length=MAX_CHILDREN)
    is_crediting: bool | None = Field(default=None, strict=True)


class CascadeLevelRead(Schema):
    """A level: how many targets it split, into how many."""

    dimension: Dimension
    decompositions: int
    cells: int


class CascadeRead(Schema):
    """What a cascade made."""

    target_id: UUID
    cells: int
    levels: list[CascadeLevelRead]
