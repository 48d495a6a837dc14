"""Use cases of rebate programmes: draft, publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, Invalid, NotFound, UnknownReference
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.web.context import Actor
from services.channels.events_out import RebateProgrammePublished
from services.channels.partners.repository import known_partners
from services.channels.programmes import repository
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.schemas import ProgrammeCreate
from services.channels.rebates.rules import plan_of

SERVICE = "channels"
TERMS = ("name", "kind", "tiers", "valid_from", "valid_to", "period", "product_lines", "partner_ids")


class ProgrammeNotFound(NotFound):
    code, title = "programme-not-found", "No such rebate programme"


class ProgrammePublishedAlready(Conflict):
    code, title = "programme-published", "A published programme never changes"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The programme ends before it begins"


async def draft_programme(tx: Tx, actor: Actor, data: ProgrammeCreate, *, key: bytes) -> dict[str, Any]:
    """A draft; raises ValidityInvalid, TierPlanInvalid, UnknownReference for a partner."""
    terms = await _checked(tx, data)
    now = clock.now()
    row = {"id": new_id(), **terms, "state": str(ProgrammeState.DRAFT), "published_at": None}
    row |= {"version": 1, "created_at": now, "updated_at": now}
    await repository.add_programme(tx, row)
    await _audit(tx, actor, "draft", row["id"], None, terms, key)
    return row


async def require_programme(tx: Tx, programme_id: UUID) -> dict[str, Any]:
    """A programme by id; raises ProgrammeNotFound."""
    row = await repository.get_programme(tx, programme_id)
    if row is None:
        raise ProgrammeNotFound()
    return row


async def replace_programme(
    tx: Tx, actor: Actor, programme_id: UUID, version: int, data: ProgrammeCreate, *, key: bytes
) -> dict[str, Any]:
    """Set all terms of a draft; raises ProgrammePublishedAlready, VersionMismatch."""
    before = await require_programme(tx, programme_id)
    if before["state"] == ProgrammeState.PUBLISHED:
        raise ProgrammePublishedAlready()
    terms = await _checked(tx, data)
    await update_row(tx, RebateProgramme, programme_id, version, {**terms, "updated_at": clock.now()})
    await _audit(tx, actor, "change", programme_id, {name: before[name] for name in TERMS}, terms, key)
    return await require_programme(tx, programme_id)


async def publish_programme(tx: Tx, actor: Actor, programme_id: UUID, *, key: bytes) -> dict[str, Any]:
    """Let a draft count for every order confirmed from now on; raises ProgrammePublishedAlready.

    No accrual is under way meanwhile, so each of them saw the programme or is older than `published_at`.
    """
    await repository.hold_accruals(tx)
    before = await require_programme(tx, programme_id)
    if before["state"] == ProgrammeState.PUBLISHED:
        raise ProgrammePublishedAlready()
    now = clock.now()
    changes = {"state": str(ProgrammeState.PUBLISHED), "published_at": now, "updated_at": now}
    version = await update_row(tx, RebateProgramme, programme_id, before["version"], changes)
    row = before | changes | {"version": version}
    payload = RebateProgrammePublished(id=programme_id, version=version, **{name: row[name] for name in TERMS})
    await outbox.announce(
        tx, SERVICE, [Fact(RebateProgrammePublished.TYPE, programme_id, programme_id, version, payload)]
    )
    await _audit(tx, actor, "publish", programme_id, {"state": before["state"]}, {"state": row["state"]}, key)
    return row


async def _checked(tx: Tx, data: ProgrammeCreate) -> dict[str, Any]:
    if data.valid_to < data.valid_from:
        raise ValidityInvalid(errors=[FieldError("/valid_to", "before-start", "ends before it begins")])
    plan_of(data.kind, [(tier.start, tier.rate) for tier in data.tiers])
    await _require_partners(tx, data.partner_ids)
    return {name: value for name, value in data.model_dump(mode="json").items() if name in TERMS}


async def _require_partners(tx: Tx, partner_ids: Sequence[UUID]) -> None:
    known = await known_partners(tx, partner_ids) if partner_ids else set()
    unknown = [
        FieldError(f"/partner_ids/{position}", "unknown-reference", "no partner of this id")
        for position, partner_id in enumerate(partner_ids)
        if partner_id not in known
    ]
    if unknown:
        raise UnknownReference(errors=unknown)


async def _audit(
    tx: Tx,
    actor: Actor,
    action: str,
    programme_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    key: bytes,
) -> None:
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action=action,
        resource="rebate_programme",
        resource_id=str(programme_id),
        before=before,
        after=after,
        key=key,
    )
