"""Use cases of partners."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out import PartnerActivated, PartnerApplied, PartnerSuspended
from services.channels.partners import repository
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.partners.rules import MOVES
from services.channels.partners.schemas import PartnerCreate, PartnerUpdate

FACTS: dict[PartnerState, type[PartnerApplied | PartnerActivated | PartnerSuspended]] = {
    PartnerState.APPLIED: PartnerApplied,
    PartnerState.ACTIVE: PartnerActivated,
    PartnerState.SUSPENDED: PartnerSuspended,
}
"""The fact of each state; a change of other fields repeats it, with `changed` naming them."""


def _said(one: Change[Partner]) -> PartnerApplied | PartnerActivated | PartnerSuspended:
    return FACTS[one.after.state].of(one.after, changed=one.changed)


PARTNERS = Resource("partner", Partner, _said, audited=("code", "name", "kind", "regions"), unique=("code",))


async def apply_partner(work: Work, data: PartnerCreate) -> Partner:
    """Enter a partner; raises Taken."""
    partner = Partner(**fresh(), state=PartnerState.APPLIED, **data.model_dump())
    return await add(work, PARTNERS, partner, action="apply")


async def require_partner(work: Work, partner_id: UUID) -> Partner:
    """A partner by id; raises NotFound."""
    return await require(work, PARTNERS, partner_id)


async def known_partners(work: Work, partner_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are partners."""
    return await repository.known_partners(work.tx, partner_ids)


async def update_partner(work: Work, partner_id: UUID, version: Versions, data: PartnerUpdate) -> Partner:
    """Change the fields given; raises NotFound, VersionMismatch."""
    before = await require(work, PARTNERS, partner_id, version=version)
    return await change(work, PARTNERS, before, data.given())


async def move_partner(work: Work, partner_id: UUID, action: str, reason: str = "") -> Partner:
    """Activate or suspend; raises NotFound, StateConflict."""
    before = await require(work, PARTNERS, partner_id, lock=True)
    state = next_state("partner", MOVES, action, before.state)
    return await change(work, PARTNERS, before, {"state": state}, action=action, reason=reason)
