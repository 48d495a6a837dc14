"""Use cases of partners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.errors import FieldError, StateConflict, UnknownReference
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out.partners import (
    PartnerActivated,
    PartnerApplied,
    PartnerScreened,
    PartnerSuspended,
    PartnerTerminated,
)
from services.channels.partners import repository, values
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.partners.rules import MOVES, STANDING
from services.channels.partners.schemas import PartnerCreate, PartnerUpdate
from services.channels.partners.sealing import HASHES
from services.channels.partners.values import CLAIMING, Draft, Given

Fact = PartnerApplied | PartnerActivated | PartnerSuspended | PartnerScreened | PartnerTerminated
NOUN = "partner"
AUDITED = (
    "code", "name", "local_name", "kind", "regions", "country", "product_lines", "owner_id", "account_id", *HASHES,
)  # fmt: skip
FACTS: dict[PartnerState, type[PartnerApplied | PartnerActivated | PartnerSuspended]] = {
    PartnerState.APPLIED: PartnerApplied,
    PartnerState.SCREENING: PartnerApplied,
    PartnerState.APPROVED: PartnerApplied,
    PartnerState.ACTIVE: PartnerActivated,
    PartnerState.SUSPENDED: PartnerSuspended,
}
"""The fact of each state; a change of other fields repeats it, with `changed` naming them. A terminated partner does
not change any more."""


def _said(one: Change[Partner]) -> Fact:
    return FACTS[one.after.state].of(one.after, changed=_named(one.changed))


def _named(changed: Sequence[str]) -> list[str]:
    """Fields that changed by the names that the API has for them."""
    return [name.removesuffix("_hash") for name in changed]


PARTNERS = Resource(NOUN, Partner, _said, audited=AUDITED, unique=("code",))


def telling(fact: type[PartnerScreened | PartnerTerminated], **more: Any) -> Resource[Partner]:
    """Partners of whom a change says another fact than that of their state."""
    return Resource(NOUN, Partner, lambda one: fact.of(one.after, changed=_named(one.changed), **more), audited=AUDITED)


def new_partner(begun: dict[str, Any], draft: Draft) -> Partner:
    """A partner that applies."""
    return Partner.model_validate({**begun, "state": PartnerState.APPLIED, **draft.columns})


async def apply_partner(work: Work, data: PartnerCreate) -> Partner:
    """Enter a partner; raises Taken, DuplicatePartner, PartnerTaxIdInvalid, UnknownReference, OwnerLeft."""
    if data.tax_id is not None:
        await repository.hold_tax_ids(work.tx)
    begun = fresh()
    given = Given(begun["id"], None, data.model_dump())
    draft = values.drafted(work, await values.known_of(work, [given]), given)
    partner = new_partner(begun, draft)
    values.claim(work, await values.holders_of(work, [draft]), partner)
    await add(work, PARTNERS, partner, action="apply")
    await values.seal(work, {partner.id: draft.kept})
    return partner


async def require_partner(work: Work, partner_id: UUID) -> Partner:
    """A partner by id; raises NotFound."""
    return await require(work, PARTNERS, partner_id)


async def shown(work: Work, partner: Partner) -> dict[str, Any]:
    """What is answered of a partner beside its row, as the caller may see it; in full it leaves a trace."""
    return await values.shown(work, partner)


async def known_partners(work: Work, partner_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are partners."""
    return await repository.known_partners(work.tx, partner_ids)


async def check_known(work: Work, partner_id: UUID) -> None:
    """Raises UnknownReference for a body's `partner_id` that is none."""
    if not await known_partners(work, [partner_id]):
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no partner of this id")])


async def update_partner(work: Work, partner_id: UUID, version: Versions, data: PartnerUpdate) -> Partner:
    """Change the fields given; raises NotFound, VersionMismatch, StateConflict of a terminated one, and those of a
    creation."""
    fields = values.fields_of(data)
    if CLAIMING & fields.keys():
        await repository.hold_tax_ids(work.tx)
    before: Partner = await require(work, PARTNERS, partner_id, version=version, lock=True)
    check_stands(before, "change")
    given = Given(before.id, before, fields)
    draft = values.drafted(work, await values.known_of(work, [given]), given)
    one = changed_row(before, draft.columns)
    if "tax_id_hash" in one.changed or "country" in one.changed:
        values.claim(work, await values.holders_of(work, [draft]), one.after)
    after = await change(work, PARTNERS, before, draft.columns)
    await values.seal(work, {before.id: differing(one, draft)})
    return after


def differing(one: Change[Partner], draft: Draft) -> dict[str, Any]:
    """What is to be sealed anew after a change: only what differs."""
    return {name: value for name, value in draft.private.items() if f"{name}_hash" in one.changed}


async def check_standing(work: Work, partner_id: UUID, action: str) -> None:
    """Raises StateConflict where a partner was terminated: nothing new is agreed with it."""
    check_stands(await require_partner(work, partner_id), action)


def check_stands(partner: Partner, action: str) -> None:
    """Raises StateConflict where a partner was terminated."""
    if partner.state not in STANDING:
        raise StateConflict(NOUN, action, partner.state, STANDING)


async def check_move(work: Work, partner_id: UUID, action: str) -> Partner:
    """The partner, locked, where an action may move it; raises NotFound, StateConflict."""
    partner: Partner = await require(work, PARTNERS, partner_id, lock=True)
    next_state(NOUN, MOVES, action, partner.state)
    return partner


async def move_partner(
    work: Work, partner_id: UUID, action: str, reason: str = "", *, said: Resource[Partner] = PARTNERS
) -> Partner:
    """Move a partner to another state; raises NotFound, StateConflict."""
    before = await check_move(work, partner_id, action)
    return await change(work, said, before, {"state": MOVES[action].target}, action=action, reason=reason)
