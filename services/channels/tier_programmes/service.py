"""Use cases of tier programmes: draft, publish, revise. What one makes of partners is told, itself it is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.promotions.rules import SamePerson
from services.channels.tier_programmes import repository
from services.channels.tier_programmes.enums import TierProgrammeState
from services.channels.tier_programmes.models import TierProgramme
from services.channels.tier_programmes.rules import MOVES, Level, check_levels
from services.channels.tier_programmes.schemas import TierProgrammeCreate, TierProgrammeReplace, TierProgrammeRevise

NOUN = "tier-programme"
TERMS = ("code", "programme_version", "name", "levels", "valid_from")


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The dates are not in order"


class DraftOpen(Conflict):
    code, title = "draft-open", "The programme has a draft already"


def _unsaid(_one: Change[TierProgramme]) -> None:
    """Nobody else needs to know."""


PROGRAMMES = Resource(NOUN, TierProgramme, _unsaid, audited=TERMS, unique=("code",))


async def draft_programme(work: Work, data: TierProgrammeCreate) -> TierProgramme:
    """Version 1 of a programme; raises Taken, TierLevelsInvalid."""
    programme = TierProgramme(
        **fresh(),
        **_terms(data),
        code=data.code,
        programme_version=1,
        state=TierProgrammeState.DRAFT,
        created_by=work.actor.subject,
    )
    return await add(work, PROGRAMMES, programme, action="draft")


async def require_programme(work: Work, programme_id: UUID) -> TierProgramme:
    """A version by id; raises NotFound."""
    return await require(work, PROGRAMMES, programme_id)


async def all_programmes(tx: Tx) -> list[TierProgramme]:
    """Every version of every programme."""
    return await repository.all_versions(tx)


async def version_on(work: Work, code: str, day: date) -> TierProgramme | None:
    """The published version of a programme that counts on a day."""
    return await repository.version_on(work.tx, code, day)


async def replace_programme(
    work: Work, programme_id: UUID, version: Versions, data: TierProgrammeReplace
) -> TierProgramme:
    """Set all terms of a draft; raises NotFound, VersionMismatch, StateConflict, TierLevelsInvalid."""
    before = await require(work, PROGRAMMES, programme_id, version=version)
    next_state(NOUN, MOVES, "replace", before.state)
    return await change(work, PROGRAMMES, before, _terms(data), action="replace")


async def publish_programme(work: Work, programme_id: UUID) -> TierProgramme:
    """Let a draft of somebody else count; raises NotFound, StateConflict, SamePerson, ValidityInvalid."""
    found = await require(work, PROGRAMMES, programme_id)
    versions = await repository.lock_versions(work.tx, found.code)
    before = next(one for one in versions if one.id == found.id)
    state = next_state(NOUN, MOVES, "publish", before.state)
    if work.actor.subject == before.created_by:
        raise SamePerson()
    _check_start(before.valid_from, versions)
    changes = {"state": state, "published_by": work.actor.subject, "published_on": work.today}
    return await change(work, PROGRAMMES, before, changes, action="publish")


async def revise_programme(work: Work, programme_id: UUID, data: TierProgrammeRevise) -> TierProgramme:
    """The draft of the next version, with the levels of this one; raises NotFound, StateConflict, DraftOpen,
    ValidityInvalid."""
    found = await require(work, PROGRAMMES, programme_id)
    if found.state is not TierProgrammeState.PUBLISHED:
        raise StateConflict(NOUN, "revise", found.state, (TierProgrammeState.PUBLISHED,))
    versions = await repository.lock_versions(work.tx, found.code)
    if any(one.state is TierProgrammeState.DRAFT for one in versions):
        raise DraftOpen()
    _check_start(data.valid_from, versions)
    changes = {
        **fresh(),
        "programme_version": versions[-1].programme_version + 1,
        "valid_from": data.valid_from,
        "state": TierProgrammeState.DRAFT,
        "created_by": work.actor.subject,
        "published_by": None,
        "published_on": None,
    }
    return await add(work, PROGRAMMES, found.model_copy(update=changes), action="revise")


def _check_start(valid_from: date, versions: Sequence[TierProgramme]) -> None:
    published = [one.valid_from for one in versions if one.state is TierProgrammeState.PUBLISHED]
    if published and valid_from <= max(published):
        detail = f"a version counts from {max(published)} on, the next one from a later day"
        raise ValidityInvalid(detail, errors=[FieldError("/valid_from", ValidityInvalid.code, detail)])


def _terms(data: TierProgrammeReplace) -> dict[str, Any]:
    check_levels([Level(one.code, one.rank) for one in data.levels])
    levels = [one.model_dump() for one in sorted(data.levels, key=lambda one: one.rank)]
    return {"name": data.name, "valid_from": data.valid_from, "levels": levels}
