"""Use cases of the targets. Every change of a tree holds the row lock of its root."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Invalid, NotFound, NotHeardYet, UnknownReference
from kit.events import outbox
from kit.events.contract import Published
from kit.money import SHARE_WHOLE, ratio
from kit.records import Change, Resource, add, change, changed_row, fresh, record, require
from kit.regions import check_region
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.channels.service import known_channels
from services.targets.events_out import TargetActivated
from services.targets.levels.service import require_levels
from services.targets.members import service as members
from services.targets.metrics.lists import LEVELS, RATIOS
from services.targets.metrics.rules import check_dimensions, check_rate
from services.targets.metrics.service import knows_costs
from services.targets.policies.enums import Approval
from services.targets.policies.service import policy_on
from services.targets.products import service as products
from services.targets.targets import repository
from services.targets.targets.enums import TargetState
from services.targets.targets.lists import FIGURES
from services.targets.targets.models import Target
from services.targets.targets.rules import (
    CUSTOMER_TYPES,
    MOVES,
    NOUN,
    AmountInvalid,
    NeedsPlan,
    PlanOnly,
    check_open,
    check_owned,
    check_period,
    check_stretch,
)
from services.targets.targets.schemas import TargetCreate, TargetUpdate
from services.targets.units import service as units
from services.targets.units.models import Unit

Below = tuple[Target, Target]
"""A target and one that becomes a child of it."""
_SCOPE = {
    "unit": "unit_id",
    "member": "member_id",
    "product_line": "product_line",
    "region": "region",
    "customer_type": "customer_type",
    "channel": "channel_id",
}
"""Fields of a target by the dimension that they narrow."""
VOID: Mapping[str, Any] = {"state": TargetState.DRAFT, "proposed_by": None, "approved_by": None}
"""What an edit makes of what was proposed or approved."""


class TargetDecomposed(Conflict):
    code, title = "target-decomposed", "The amount is tied to a decomposition"


class CurrencyNotBase(Invalid):
    code, title = "currency-not-base", "Targets are in the company's base currency"


class MemberOutside(Invalid):
    code, title = "member-outside", "The member belongs to the unit on no day of the period"


TARGETS = Resource(
    NOUN,
    Target,
    lambda _one: None,
    audited=tuple(name for name in TargetCreate.model_fields if name != "rate"),
    unique=("external_id",),
)


def saying(kind: type[Published], **more: Any) -> Resource[Target]:
    """The resource whose changes are announced as `kind`; `more` are the fields that are no column, by their names or
    as functions of the row."""

    def said(one: Change[Target]) -> Published:
        return _fact(kind, one.after, one.changed, more)

    return replace(TARGETS, said=said)


def _fact(kind: type[Published], row: Target, changed: Sequence[str], more: Mapping[str, Any]) -> Published:
    """The `reason` of a row is free text, which never leaves in an event."""
    own = {name: value(row) if callable(value) else value for name, value in more.items()}
    return kind.of(row, changed=list(changed), **{"reason": None, **own})


async def announce(
    work: Work, rows: Sequence[Target], kind: type[Published], changed: Sequence[str] = (), **more: Any
) -> None:
    """Say `kind` of each target."""
    await outbox.say(work, [(_fact(kind, row, changed, more), row.version) for row in rows])


async def require_target(work: Work, target_id: UUID, *, lock: bool = False) -> Target:
    """A target, its tree locked against other changes on request; raises NotFound, also for what is out of scope."""
    if lock:
        await repository.lock_tree(work.tx, target_id)
    target = await require(work, TARGETS, target_id)
    if not (await units.visible_to(work)).sees(target.member_id, target.unit_id):
        raise NotFound(what=NOUN)
    return target


async def add_target(work: Work, data: TargetCreate) -> Target:
    """Make a root target in state draft.

    Raises TargetPeriodInvalid, DimensionNotSupported, AmountInvalid, RateOutside, CurrencyNotBase, StretchBelowAmount,
    UnitUnknown, MemberUnknown, MemberOutside, UnknownReference (region, customer type), NotHeardYet (product line),
    Taken (external id).
    """
    check_new(work, data, await known_of(work, [data]))
    return await add(work, TARGETS, new_target(work, data))


def new_target(work: Work, data: TargetCreate) -> Target:
    """The row of a root target that was checked."""
    row, given = fresh(), {**data.model_dump(exclude={"rate"}), **planned(data), "currency": work.base_currency}
    return Target(**row, root_id=row["id"], state=TargetState.DRAFT, authored_by=work.actor.subject, **given)


def planned(data: TargetCreate) -> dict[str, int | None]:
    """The amount, and of a ratio the base. Raises AmountInvalid, RateOutside."""
    amount, base = data.amount, data.base
    if data.metric not in RATIOS:
        for name, value in (("rate", data.rate), ("base", base)):
            if value is not None:
                raise _amount_invalid(name, "only a ratio has one")
        if amount is None:
            raise _amount_invalid("amount", "missing")
        return {"amount": amount, "base": None}
    if (amount is None) == (data.rate is None):
        raise _amount_invalid("rate", "either a rate or an amount")
    if data.rate is not None:
        base = SHARE_WHOLE if base is None else base
        amount = ratio(data.rate, base, SHARE_WHOLE)
    if amount is None or base is None:
        raise _amount_invalid("base", "missing")
    check_rate(data.metric, amount, base, "/amount" if data.rate is None else "/rate")
    return {"amount": amount, "base": base}


def _amount_invalid(name: str, detail: str) -> AmountInvalid:
    return AmountInvalid(errors=[FieldError(f"/{name}", AmountInvalid.code, detail)])


@dataclass(frozen=True, slots=True)
class Known:
    """What targets refer to, as far as it is known: units, codes of members, owners who have left, members who had left
    by the first day, units of members by period, product lines, customer types and channels."""

    units: Mapping[UUID, Unit]
    members: Mapping[UUID, str]
    left: Collection[UUID]
    gone: Collection[tuple[UUID, date]]
    held: Mapping[tuple[date, date], Mapping[UUID, frozenset[UUID]]]
    lines: Mapping[str, str]
    types: Collection[str]
    channels: Collection[UUID]


async def known_of(work: Work, rows: Sequence[TargetCreate]) -> Known:
    """What these targets refer to. Raises ProjectionBuilding where one is about what is not read from the log yet."""
    if any(row.metric in LEVELS for row in rows):
        await require_levels(work)
    held: dict[tuple[date, date], Mapping[UUID, frozenset[UUID]]] = {}
    both = [row for row in rows if row.unit_id is not None and row.member_id is not None]
    for first, last in {(row.period_start, row.period_end) for row in both}:
        ids = {row.member_id for row in both if row.member_id and (row.period_start, row.period_end) == (first, last)}
        held[first, last] = await members.units_of(work, ids, first, last)
    lines = {row.product_line for row in rows if row.product_line is not None}
    return Known(
        units=await units.known_units(work, {row.unit_id for row in rows if row.unit_id}),
        members=await members.known_members(
            work, {each for row in rows for each in (row.member_id, row.owner_id) if each}
        ),
        left=await members.left_members(work, {row.owner_id for row in rows if row.owner_id}),
        gone=await members.left_before(work, {(row.member_id, row.period_start) for row in rows if row.member_id}),
        held=held,
        lines=await products.known_lines(work, lines),
        types=await known_types(work, {row.customer_type for row in rows if row.customer_type is not None}),
        channels=await known_channels(work, {row.channel_id for row in rows if row.channel_id is not None}),
    )


async def known_types(work: Work, types: Collection[str]) -> frozenset[str]:
    """Customer types as they are decided, and words of early orders that something was credited to."""
    others = set(types) - CUSTOMER_TYPES
    return CUSTOMER_TYPES | (await repository.credited_types(work.tx, others) if others else set[str]())


def _check_members(data: TargetCreate, known: Known) -> None:
    for name in ("member_id", "owner_id"):
        if (member_id := getattr(data, name)) is not None and member_id not in known.members:
            raise members.MemberUnknown(f"/{name}")
    if data.owner_id in known.left:
        raise members.OwnerLeft("/owner_id")


def check_new(work: Work, data: TargetCreate, known: Known) -> None:
    """A target is about values that are known, and a member is inside the unit on some day; raises as add_target."""
    check_period(data.period_start, data.period_end)
    check_dimensions(
        data.metric, {name: f"/{field}" for name, field in _SCOPE.items() if getattr(data, field) is not None}
    )
    if data.currency not in (None, work.base_currency):
        detail = f"expected {work.base_currency}"
        raise CurrencyNotBase(errors=[FieldError("/currency", "currency-not-base", detail)])
    check_stretch(planned(data)["amount"] or 0, data.stretch)
    if data.unit_id is not None and data.unit_id not in known.units:
        raise units.UnitUnknown("/unit_id")
    if data.unit_id is not None:
        units.check_meets(known.units[data.unit_id], data.period_start, data.period_end, "/unit_id")
    _check_members(data, known)
    if data.unit_id is not None and data.member_id is not None:
        held = known.held[data.period_start, data.period_end]
        if data.unit_id not in held.get(data.member_id, ()):
            detail = f"{known.members[data.member_id]} is never inside {known.units[data.unit_id].code}"
            raise MemberOutside(errors=[FieldError("/member_id", "outside", detail)])
    if (data.member_id, data.period_start) in known.gone:
        raise members.OwnerLeft("/member_id")
    if data.region is not None and (problem := check_region(data.region)):
        raise UnknownReference(errors=[FieldError("/region", "unknown-region", problem)])
    if data.product_line is not None and (problem := products.line_problem(known.lines, data.product_line)):
        raise NotHeardYet(errors=[FieldError("/product_line", "unknown-product-line", problem)])
    if data.channel_id is not None and data.channel_id not in known.channels:
        raise NotHeardYet(errors=[FieldError("/channel_id", "unknown-channel", "no such channel")])
    if data.customer_type is not None and data.customer_type not in known.types:
        detail = f"expected one of: {', '.join(sorted(CUSTOMER_TYPES))}"
        raise UnknownReference(errors=[FieldError("/customer_type", "unknown-customer-type", detail)])


async def update_target(work: Work, target_id: UUID, version: Versions, data: TargetUpdate) -> Target:
    """Change what does not count yet; a proposal or approval of it, and of what is above it, is void then.

    Raises NotFound, VersionMismatch, BalancingTarget, StateConflict, TargetDecomposed (its amount), StretchBelowAmount,
    MemberUnknown, OwnerLeft.
    """
    before = await require_target(work, target_id, lock=True)
    version.check(before.version)
    check_owned(before.is_balancing)
    next_state(NOUN, MOVES, "update", before.state)
    changes = data.given()
    for name in ("locked", "reason"):
        if changes.pop(name, None) is not None:
            raise PlanOnly(errors=[FieldError(f"/{name}", "plan-only", "the target belongs to no plan")])
    if not changed_row(before, changes).changed:
        return before
    if changes.get("amount", before.amount) != before.amount:
        if before.decomposition_id is not None:
            raise TargetDecomposed("a child's amount comes from its decomposition")
        if await repository.list_decomposed(work.tx, [target_id]):
            raise TargetDecomposed("the children sum to the amount")
    check_stretch(changes.get("amount", before.amount), changes.get("stretch", before.stretch))
    if before.base is not None:
        check_rate(before.metric, changes.get("amount", before.amount), before.base, "/amount")
    if changes.get("owner_id") is not None:
        await members.check_owner(work, changes["owner_id"], "/owner_id", before.owner_id)
    await void_above(work, target_id)
    return await change(work, TARGETS, before, {**changes, **written(work)}, action="update")


def written(work: Work) -> dict[str, Any]:
    """What a change of its content makes of a target: a draft of its author."""
    return {**VOID, "authored_by": work.actor.subject}


async def void_above(work: Work, target_id: UUID) -> None:
    """Take back proposals and approvals of the targets above one whose content changes."""
    rows = await repository.void_above(work.tx, target_id, clock.now())
    await record(work, TARGETS, [Change(None, row, ("state",)) for row in rows], action="void")


async def begin_split(work: Work, target_id: UUID) -> Target:
    """A target that is about to be decomposed, its tree locked. A proposal or approval of it is void then.

    Raises NotFound, BalancingTarget, StateConflict (closed), NeedsPlan (active, and the policy asks for approvals).
    """
    target = await require_target(work, target_id, lock=True)
    await check_split(work, target)
    if target.state not in (TargetState.PROPOSED, TargetState.APPROVED):
        return target
    await void_above(work, target_id)
    return await change(work, TARGETS, target, written(work), action="void")


async def check_split(work: Work, target: Target) -> None:
    """Whether a target may be decomposed now. Raises BalancingTarget, StateConflict (closed), NeedsPlan."""
    check_owned(target.is_balancing)
    check_open(target.state)
    if target.state is TargetState.ACTIVE and (await policy_on(work, work.today)).approval is Approval.REQUIRED:
        raise NeedsPlan


async def shown(work: Work, target: Target) -> Target:
    """A target as the caller may see it: what a margin came to, and what was split by one, needs `costs:read`."""
    if knows_costs(work) or not await repository.is_of_cost(work.tx, target.id):
        return target
    return target.model_copy(update=dict.fromkeys(FIGURES))


async def children_of(work: Work, decomposition_id: UUID) -> Sequence[Target]:
    """The children of a decomposition, by key."""
    return await repository.list_children(work.tx, decomposition_id)


async def void_split(work: Work, rows: Sequence[Target]) -> dict[UUID, Target]:
    """Targets that are about to be decomposed together, their tree locked, as they are then: proposals and approvals of
    them are void. Raises StateConflict (closed)."""
    for row in rows:
        check_open(row.state)
    voided = await repository.void(work.tx, [row.id for row in rows], clock.now(), work.actor.subject)
    for row in sorted(voided, key=lambda row: row.id)[:1]:
        await void_above(work, row.id)
    await record(work, TARGETS, [Change(None, row, ("state",)) for row in voided], action="void")
    return {row.id: row for row in (*rows, *voided)}


async def change_together(work: Work, target_id: UUID, changes: Sequence[Change[Target]], *, action: str) -> None:
    """Write changes of drafts of one tree, locked, in one statement; approvals above the target are void then. Raises
    RateOutside."""
    check_rates(changes)
    await repository.write_targets(work.tx, [one.after for one in changes])
    await void_above(work, target_id)
    await record(work, TARGETS, changes, action=action)


def check_rates(changes: Sequence[Change[Target]]) -> None:
    """Raises RateOutside where a ratio is to be less than none or more than all."""
    for one in changes:
        row: Target = one.after
        if row.base is not None and {"amount", "base"} & set(one.changed):
            check_rate(row.metric, row.amount, row.base, "/amount")


async def require_counted(work: Work, target_id: UUID) -> Target:
    """A target to which something may be credited; raises NotFound, also for what holds a difference or belongs to a
    plan."""
    target = await require_target(work, target_id)
    if target.is_balancing or target.plan_id is not None:
        raise NotFound(what=NOUN)
    return target


async def amount_on(work: Work, target: Target, on: date) -> int:
    """What a target amounts to on a day: by the newest version that had begun, else by the first."""
    return await repository.get_amount(work.tx, target.id, on)


async def add_children(work: Work, parent: Target, children: Sequence[Target]) -> Sequence[Target]:
    """Add the children of a decomposition and return them; those of an active target count at once."""
    return await add_below(work, [(parent, one) for one in children])


async def add_below(work: Work, below: Sequence[Below]) -> Sequence[Target]:
    """Add children of targets of one tree, all active or none; returns them as they are then."""
    if not below or below[0][0].state is not TargetState.ACTIVE:
        children = [one for _, one in below]
        await repository.add_targets(work.tx, children)
        return children
    days = (await policy_on(work, work.today)).close_after_days
    dated = [_dated(parent, one, days) for parent, one in below]
    await repository.add_targets(work.tx, dated)
    await keep_closing(work, below[0][0].root_id, [one.id for one in dated])
    await note_change(work, below[0][0].root_id)
    await announce(work, dated, TargetActivated)
    return dated


def _dated(parent: Target, child: Target, days: int) -> Target:
    """A child closes so many days after its period, and no later than its parent."""
    own = child.period_end + timedelta(days=days)
    return child.model_copy(update={"closes_on": own if parent.closes_on is None else min(own, parent.closes_on)})


async def note_change(work: Work, root_id: UUID) -> None:
    """What is active below a root, locked, changed: plans that rest on what was before are outdated."""
    await repository.note_change(work.tx, root_id)


async def keep_closing(work: Work, root_id: UUID, begun: Collection[UUID] = ()) -> None:
    """After targets of a tree began (`begun`) or ended to count: their first versions, and when the next one closes."""
    if begun:
        await repository.add_first_versions(work.tx, begun, clock.now())
    await repository.schedule_closing(work.tx, root_id, work.today, clock.now(), work.settings.timezone)
