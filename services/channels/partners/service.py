"""Use cases of partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, NotFound, VersionMismatch
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.web.context import Actor
from services.channels.events_out import PartnerActivated, PartnerApplied, PartnerSuspended
from services.channels.partners import repository
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.partners.schemas import PartnerCreate, PartnerUpdate

SERVICE = "channels"
FIELDS = ("name", "kind", "regions")
FACTS: Mapping[str, type[PartnerApplied | PartnerActivated | PartnerSuspended]] = {
    PartnerState.APPLIED: PartnerApplied,
    PartnerState.ACTIVE: PartnerActivated,
    PartnerState.SUSPENDED: PartnerSuspended,
}
"""The fact of each state; a change of other fields repeats it, with `changed` naming them."""

FROM: Mapping[PartnerState, tuple[PartnerState, ...]] = {
    PartnerState.ACTIVE: (PartnerState.APPLIED, PartnerState.SUSPENDED),
    PartnerState.SUSPENDED: (PartnerState.ACTIVE,),
}
"""States that a state is reached from."""


class PartnerNotFound(NotFound):
    code, title = "partner-not-found", "No such partner"


class PartnerCodeTaken(Conflict):
    code, title = "partner-code-taken", "Another partner has this code"


class PartnerStateConflict(Conflict):
    code, title = "partner-state", "The partner's state does not allow this"


async def apply_partner(tx: Tx, actor: Actor, data: PartnerCreate, *, key: bytes) -> dict[str, Any]:
    """Enter a partner; raises PartnerCodeTaken."""
    now = clock.now()
    row = {"id": new_id(), **data.model_dump(mode="json"), "state": str(PartnerState.APPLIED)}
    row |= {"version": 1, "created_at": now, "updated_at": now}
    if not await repository.add_partner(tx, row):
        raise PartnerCodeTaken(errors=[FieldError("/code", "taken", "another partner has this code")])
    await _tell(tx, actor, None, row, [], "apply", "", key)
    return row


async def require_partner(tx: Tx, partner_id: UUID, *, lock: bool = False) -> Row:
    """A partner by id; raises PartnerNotFound."""
    row = await repository.get_partner(tx, partner_id, lock=lock)
    if row is None:
        raise PartnerNotFound()
    return row


async def update_partner(
    tx: Tx, actor: Actor, partner_id: UUID, version: int, data: PartnerUpdate, *, key: bytes
) -> dict[str, Any]:
    """Change the fields given; raises VersionMismatch. Nothing is announced when nothing differs."""
    before = await require_partner(tx, partner_id)
    if before["version"] != version:
        raise VersionMismatch()
    given = data.model_dump(mode="json", exclude_unset=True)
    changed = [name for name in FIELDS if name in given and given[name] != before[name]]
    if not changed:
        return dict(before)
    return await _change(tx, actor, before, {name: given[name] for name in changed}, "change", "", key)


async def move_partner(
    tx: Tx, actor: Actor, partner_id: UUID, state: PartnerState, *, reason: str = "", key: bytes
) -> dict[str, Any]:
    """Activate or suspend; raises PartnerStateConflict."""
    before = await require_partner(tx, partner_id, lock=True)
    if before["state"] not in FROM[state]:
        raise PartnerStateConflict(extra={"state": before["state"]})
    action = "activate" if state is PartnerState.ACTIVE else "suspend"
    return await _change(tx, actor, before, {"state": str(state)}, action, reason, key)


async def _change(
    tx: Tx, actor: Actor, before: Row, changes: Mapping[str, Any], action: str, reason: str, key: bytes
) -> dict[str, Any]:
    written = {**changes, "updated_at": clock.now()}
    version = await update_row(tx, Partner, before["id"], before["version"], written)
    after = dict(before) | written | {"version": version}
    await _tell(tx, actor, before, after, list(changes), action, reason, key)
    return after


async def _tell(
    tx: Tx,
    actor: Actor,
    before: Row | None,
    after: Mapping[str, Any],
    changed: Sequence[str],
    action: str,
    reason: str,
    key: bytes,
) -> None:
    kind = FACTS[after["state"]]
    snapshot = {name: after[name] for name in ("id", "code", *FIELDS, "state", "version")}
    payload = kind(**snapshot, changed=list(changed))
    await outbox.announce(tx, SERVICE, [Fact(kind.TYPE, after["id"], after["id"], after["version"], payload)])
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action=action,
        resource="partner",
        resource_id=str(after["id"]),
        before={name: before[name] for name in changed} if before else None,
        after={name: after[name] for name in changed or ("code", *FIELDS)},
        reason=reason,
        key=key,
    )
