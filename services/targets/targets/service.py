"""Use cases of the targets. Every change of a tree holds the row lock of its root."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Invalid, NotFound, NotHeardYet, UnknownReference
from kit.events import outbox
from kit.records import Change, Resource, add, change, fresh, record, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.events_out import TargetActivated, TargetSnapshot
from services.targets.members import service as members
from services.targets.products import service as products
from services.targets.targets import repository
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.regions import check_region
from services.targets.targets.rules import MOVES, NOUN, check_parent, check_period
from services.targets.targets.schemas import TargetCreate, TargetUpdate
from services.targets.units import service as units


class TargetDecomposed(Conflict):
    code, title = "target-decomposed", "The amount is tied to a decomposition"


class CurrencyNotBase(Invalid):
    code, title = "currency-not-base", "Targets are in the company's base currency"


class MemberOutside(Invalid):
    code, title = "member-outside", "The member belongs to the unit on no day of the period"


_SAID = (TargetSnapshot.model_fields.keys() & Target.model_fields.keys()) - {"reason"}
"""The `reason` of a row is free text, which never leaves in an event."""


def _said(one: Change[Target]) -> TargetActivated | None:
    if one.after.state is not TargetState.ACTIVE:
        return None
    return TargetActivated(**{name: getattr(one.after, name) for name in _SAID}, changed=list(one.changed))


TARGETS = Resource(NOUN, Target, _said, audited=tuple(TargetCreate.model_fields))


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

    Raises TargetPeriodInvalid, CurrencyNotBase, UnitUnknown, MemberUnknown, MemberOutside, UnknownReference (region),
    NotHeardYet (product line).
    """
    check_period(data.period_start, data.period_end)
    if data.currency not in (None, work.base_currency):
        detail = f"expected {work.base_currency}"
        raise CurrencyNotBase(errors=[FieldError("/currency", "currency-not-base", detail)])
    await _check_scope(work, data)
    row, given = fresh(), {**data.model_dump(), "currency": work.base_currency}
    return await add(work, TARGETS, Target(**row, root_id=row["id"], state=TargetState.DRAFT, **given))


async def _check_scope(work: Work, data: TargetCreate) -> None:
    """Values of the dimensions are known ones, and a member is inside the unit on some day."""
    unit = None if data.unit_id is None else await units.require_named_unit(work, data.unit_id, "/unit_id")
    if data.member_id is not None:
        code = await members.require_named_member(work, data.member_id, "/member_id")
        held = await members.units_of(work, [data.member_id], data.period_start, data.period_end)
        if unit is not None and unit.id not in held.get(data.member_id, ()):
            raise MemberOutside(errors=[FieldError("/member_id", "outside", f"{code} is never inside {unit.code}")])
    if data.region is not None and (problem := check_region(data.region)):
        raise UnknownReference(errors=[FieldError("/region", "unknown-region", problem)])
    if data.product_line is not None and not await products.known_lines(work, [data.product_line]):
        raise NotHeardYet(errors=[FieldError("/product_line", "unknown-product-line", "no product is of this line")])


async def update_target(work: Work, target_id: UUID, version: Versions, data: TargetUpdate) -> Target:
    """Change a draft; raises NotFound, VersionMismatch, StateConflict, TargetDecomposed (its amount)."""
    before = await require_target(work, target_id, lock=True)
    version.check(before.version)
    next_state(NOUN, MOVES, "update", before.state)
    changes = data.given()
    if changes.get("amount", before.amount) != before.amount:
        if before.decomposition_id is not None:
            raise TargetDecomposed("a child's amount comes from its decomposition")
        if await repository.has_decomposition(work.tx, target_id):
            raise TargetDecomposed("the children sum to the amount")
    return await change(work, TARGETS, before, changes, action="update")


async def move_target(work: Work, target_id: UUID, action: str) -> Target:
    """Activate or close a target and all below it, one event for each that counts from now on.

    Raises NotFound, StateConflict.
    """
    before = await require_target(work, target_id, lock=True)
    state = next_state(NOUN, MOVES, action, before.state)
    if state is TargetState.ACTIVE and before.parent_id is not None:
        check_parent((await require(work, TARGETS, before.parent_id)).state)
    changed = await repository.set_state(work.tx, target_id, state, clock.now(), MOVES[action].sources)
    after, *below = sorted(changed, key=lambda row: (row.id != target_id, row.id))
    await record(work, TARGETS, [Change(before, after, ("state",))], action=action)
    await _announce(work, below, ("state",))
    return after


async def add_children(work: Work, children: Sequence[Target]) -> None:
    """Add the children of a decomposition; those of an active target count at once."""
    await repository.add_targets(work.tx, children)
    await _announce(work, children)


async def _announce(work: Work, targets: Sequence[Target], changed: tuple[str, ...] = ()) -> None:
    said = [(_said(Change(None, target, changed)), target.version) for target in targets]
    await outbox.say(work, [(payload, version) for payload, version in said if payload is not None])
