"""Use cases of rebate programmes: draft, publish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid, UnknownReference
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out import RebateProgrammePublished
from services.channels.partners import service as partners
from services.channels.programmes import repository
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.rules import MOVES, plan_of
from services.channels.programmes.schemas import ProgrammeCreate

NOUN = "rebate-programme"
TERMS = ("name", "kind", "tiers", "valid_from", "valid_to", "period", "product_lines", "partner_ids")


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The programme ends before it begins"


def _said(one: Change[RebateProgramme]) -> RebateProgrammePublished | None:
    return RebateProgrammePublished.of(one.after) if one.after.state is ProgrammeState.PUBLISHED else None


PROGRAMMES = Resource(NOUN, RebateProgramme, _said, audited=TERMS)


async def draft_programme(work: Work, data: ProgrammeCreate) -> RebateProgramme:
    """A draft; raises ValidityInvalid, TierPlanInvalid, UnknownReference for a partner."""
    terms = await _checked(work, data)
    programme = RebateProgramme(**fresh(), state=ProgrammeState.DRAFT, **terms)
    return await add(work, PROGRAMMES, programme, action="draft")


async def require_programme(work: Work, programme_id: UUID) -> RebateProgramme:
    """A programme by id; raises NotFound."""
    return await require(work, PROGRAMMES, programme_id)


async def replace_programme(
    work: Work, programme_id: UUID, version: Versions, data: ProgrammeCreate
) -> RebateProgramme:
    """Set all terms of a draft; raises NotFound, StateConflict, VersionMismatch and what a draft raises."""
    before = await require(work, PROGRAMMES, programme_id, version=version)
    next_state(NOUN, MOVES, "replace", before.state)
    return await change(work, PROGRAMMES, before, await _checked(work, data))


async def publish_programme(work: Work, programme_id: UUID) -> RebateProgramme:
    """Let a draft count for every order confirmed from now on; raises NotFound, StateConflict.

    No accrual is under way meanwhile, so each of them saw the programme or is older than `published_at`.
    """
    await repository.hold_lock(work.tx)
    before = await require(work, PROGRAMMES, programme_id, lock=True)
    state = next_state(NOUN, MOVES, "publish", before.state)
    return await change(work, PROGRAMMES, before, {"state": state, "published_at": clock.now()}, action="publish")


async def programmes_for(work: Work, first: date, last: date) -> list[RebateProgramme]:
    """Published programmes valid on some day from `first` to `last`; none is published until the work ends."""
    await repository.share_lock(work.tx)
    return await repository.list_valid(work.tx, first, last)


async def programmes_by_id(work: Work, programme_ids: Sequence[UUID]) -> dict[UUID, RebateProgramme]:
    """Programmes of these ids."""
    return {row.id: row for row in await repository.list_by_id(work.tx, programme_ids)}


async def _checked(work: Work, data: ProgrammeCreate) -> dict[str, Any]:
    if data.valid_to < data.valid_from:
        raise ValidityInvalid(errors=[FieldError("/valid_to", "before-start", "ends before it begins")])
    plan_of(data.kind, [(tier.start, tier.rate) for tier in data.tiers])
    await _require_partners(work, data.partner_ids)
    return data.model_dump()


async def _require_partners(work: Work, partner_ids: Sequence[UUID]) -> None:
    known = await partners.known_partners(work, partner_ids) if partner_ids else set()
    unknown = [
        FieldError(f"/partner_ids/{position}", "unknown-reference", "no partner of this id")
        for position, partner_id in enumerate(partner_ids)
        if partner_id not in known
    ]
    if unknown:
        raise UnknownReference(errors=unknown)
