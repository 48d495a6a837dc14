"""Use cases of the targets. Every change of a tree holds the row lock of its root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, Invalid, NotFound
from kit.events.outbox import Fact, announce
from kit.ids import new_id
from kit.security import audit
from kit.security.principals import Actor
from kit.versions import Versions
from services.targets.access import Visible
from services.targets.events_out import TargetActivated, TargetSnapshot
from services.targets.members.repository import get_codes
from services.targets.targets import repository
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import check_activation, check_change, check_closing, check_period
from services.targets.targets.schemas import TargetCreate, TargetUpdate
from services.targets.units.repository import get_units
from services.targets.units.service import NothingToChange, UnitUnknown

SERVICE = "targets"


class TargetNotFound(NotFound):
    code, title = "target-not-found", "No such target"


class TargetDecomposed(Conflict):
    code, title = "target-decomposed", "The amount is tied to a decomposition"


class CurrencyNotBase(Invalid):
    code, title = "currency-not-base", "Targets are in the company's base currency"


class MemberUnknown(Invalid):
    code, title = "unknown-member", "The request names a member who does not exist"

    def __init__(self, pointer: str) -> None:
        super().__init__(errors=[FieldError(pointer, "unknown-member", "no such member")])


def is_visible(row: Row, visible: Visible) -> bool:
    """Whether a target is in the caller's record scope."""
    return visible.everything or row["member_id"] in visible.members or row["unit_id"] in visible.units


async def require_visible(tx: Tx, target_id: UUID, visible: Visible) -> Row:
    """The target's row; raises TargetNotFound, also for what the caller may not see."""
    row = await repository.get_target(tx, target_id)
    if row is None or not is_visible(row, visible):
        raise TargetNotFound
    return row


async def require_locked(tx: Tx, target_id: UUID, visible: Visible) -> Row:
    """The target's row with its tree locked against other changes; raises TargetNotFound."""
    await repository.lock_tree(tx, target_id)
    return await require_visible(tx, target_id, visible)


async def add_target(tx: Tx, actor: Actor, data: TargetCreate, base_currency: str, secret: bytes) -> Row:
    """Make a root target in state draft. Raises TargetPeriodInvalid, CurrencyNotBase, UnitUnknown, MemberUnknown."""
    check_period(data.period_start, data.period_end)
    if data.currency not in (None, base_currency):
        raise CurrencyNotBase(errors=[FieldError("/currency", "currency-not-base", f"expected {base_currency}")])
    if data.unit_id is not None and not await get_units(tx, [data.unit_id]):
        raise UnitUnknown("/unit_id")
    if data.member_id is not None and not await get_codes(tx, [data.member_id]):
        raise MemberUnknown("/member_id")
    target_id, now = new_id(), clock.now()
    row = {
        **data.model_dump(),
        "id": target_id,
        "root_id": target_id,
        "currency": base_currency,
        "state": TargetState.DRAFT,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    await repository.add_targets(tx, [row])
    await _record(tx, actor, "create", target_id, None, data.model_dump(mode="json"), secret)
    return await require_visible(tx, target_id, Visible(everything=True))


async def update_target(
    tx: Tx, actor: Actor, target_id: UUID, version: Versions, data: TargetUpdate, visible: Visible, secret: bytes
) -> Row:
    """Change a draft. Raises TargetNotFound, VersionMismatch, TargetStateConflict, TargetDecomposed (its amount)."""
    before = await require_locked(tx, target_id, visible)
    version.check(before["version"])
    changes: dict[str, Any] = data.model_dump(mode="json", exclude_unset=True)
    if not changes:
        raise NothingToChange
    check_change(TargetState(before["state"]))
    if changes.get("amount", before["amount"]) != before["amount"]:
        if before["decomposition_id"] is not None:
            raise TargetDecomposed("a child's amount comes from its decomposition")
        if await repository.has_decomposition(tx, target_id):
            raise TargetDecomposed("the children sum to the amount")
    await update_row(tx, Target, target_id, before["version"], {**changes, "updated_at": clock.now()})
    await _record(tx, actor, "update", target_id, {name: before[name] for name in changes}, changes, secret)
    return await require_visible(tx, target_id, visible)


async def activate_target(tx: Tx, actor: Actor, target_id: UUID, visible: Visible, secret: bytes) -> Row:
    """Let a draft and all drafts below it count, one event each. Raises TargetNotFound, TargetStateConflict."""
    target = await require_locked(tx, target_id, visible)
    parent_state = None
    if target["parent_id"] is not None:
        parent = await repository.get_target(tx, target["parent_id"])
        parent_state = TargetState(parent["state"]) if parent else None
    check_activation(TargetState(target["state"]), parent_state)
    changed = await repository.set_state(tx, target_id, TargetState.ACTIVE, clock.now(), [TargetState.DRAFT])
    await announce_active(tx, sorted(changed, key=lambda row: (row["id"] != target_id, row["id"])), ["state"])
    await _record(tx, actor, "activate", target_id, {"state": target["state"]}, {"state": TargetState.ACTIVE}, secret)
    return await require_visible(tx, target_id, visible)


async def close_target(tx: Tx, actor: Actor, target_id: UUID, visible: Visible, secret: bytes) -> Row:
    """Close a target and all below it. Raises TargetNotFound, TargetStateConflict."""
    target = await require_locked(tx, target_id, visible)
    check_closing(TargetState(target["state"]))
    await repository.set_state(tx, target_id, TargetState.CLOSED, clock.now(), [TargetState.DRAFT, TargetState.ACTIVE])
    await _record(tx, actor, "close", target_id, {"state": target["state"]}, {"state": TargetState.CLOSED}, secret)
    return await require_visible(tx, target_id, visible)


async def announce_active(tx: Tx, rows: Sequence[Row | Mapping[str, Any]], changed: list[str]) -> None:
    """Announce that targets count, in the order given."""
    names = [name for name, field in TargetSnapshot.model_fields.items() if field.is_required() and name != "changed"]
    facts = [
        Fact(
            TargetActivated.TYPE,
            row["id"],
            row["root_id"],
            row["version"],
            TargetActivated(**{name: row[name] for name in names}, changed=changed),
        )
        for row in rows
    ]
    await announce(tx, SERVICE, facts)


async def _record(
    tx: Tx, actor: Actor, action: str, target_id: UUID, before: Any, after: dict[str, Any], secret: bytes
) -> None:
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action=action,
        resource="target",
        resource_id=str(target_id),
        before=before,
        after=after,
        key=secret,
    )
