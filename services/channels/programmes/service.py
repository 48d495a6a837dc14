"""Use cases of rebate programmes: draft, publish, revise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from kit import clock
from kit.errors import Conflict, FieldError, Invalid, UnknownReference
from kit.jobs.jobs import enqueue, resume_job
from kit.records import Change, Resource, add, change, fresh, record, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.events_out import RebateProgrammePublished
from services.channels.partners import service as partners
from services.channels.products import service as products
from services.channels.programmes import repository
from services.channels.programmes.enums import ProgrammeState
from services.channels.programmes.models import RebateProgramme
from services.channels.programmes.rules import MOVES, GrowthBasis, PlanKind, check_revision, check_terms, plan_of
from services.channels.programmes.schemas import ProgrammeCreate, ProgrammeTerms, RebateProgrammeRevise

NOUN = "rebate-programme"
CATCH_UP: Final = "rebate-programmes.catch-up"
"""Kind of the job that accrues orders confirmed before a programme was published."""
TERMS = (
    "name", "kind", "tiers", "valid_from", "valid_to", "period", "product_lines", "partner_ids", "basis", "baselines",
    "focus_lines", "revision",
)  # fmt: skip


MOST_VERSIONS: Final = 50
"""Each accrual says what every version holds."""
KEPT = ("kind", "valid_to", "period", "product_lines", "partner_ids", "basis", "baselines", "focus_lines")
"""Terms that every version of a programme has alike."""


class DraftOpen(Conflict):
    code, title = "rebate-programme-draft-open", "The next version is a draft already"


class TooManyVersions(Conflict):
    code, title = "too-many-versions", "A programme has so many versions at most"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The programme ends before it begins"


def _said(one: Change[RebateProgramme]) -> RebateProgrammePublished | None:
    return RebateProgrammePublished.of(one.after) if one.after.state is ProgrammeState.PUBLISHED else None


def _unsaid(_one: Change[RebateProgramme]) -> None:
    """Nothing happened to the programme."""


PROGRAMMES = Resource(NOUN, RebateProgramme, _said, audited=TERMS)


async def draft_programme(work: Work, data: ProgrammeCreate) -> RebateProgramme:
    """A draft; raises ValidityInvalid, TierPlanInvalid, TermsInvalid, UnknownReference for a partner."""
    terms = await checked_terms(work, data)
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
    terms = await checked_terms(work, data)
    if before.lineage_id is not None:
        versions = await repository.lock_versions(work.tx, before.lineage_id)
        _check_next(before, RebateProgramme.model_validate({**before.model_dump(), **terms}), versions)
    return await change(work, PROGRAMMES, before, terms)


async def revise_programme(work: Work, programme_id: UUID, data: RebateProgrammeRevise) -> RebateProgramme:
    """The draft of the next version of a published programme, with other tiers from a later day on. What has accrued
    stays. Raises NotFound, StateConflict, DraftOpen, TooManyVersions, RevisionInvalid, TierPlanInvalid."""
    found = await require(work, PROGRAMMES, programme_id)
    next_state(NOUN, MOVES, "revise", found.state)
    first_id, first_version = found.root
    versions = await repository.lock_versions(work.tx, first_id)
    if any(one.state is ProgrammeState.DRAFT for one in versions):
        raise DraftOpen()
    if len(versions) >= MOST_VERSIONS:
        raise TooManyVersions(f"{MOST_VERSIONS}")
    plan_of(found.kind, [(tier.start, tier.rate) for tier in data.tiers], [tier.amount for tier in data.tiers])
    changes = {
        **fresh(),
        **data.model_dump(),
        "revision": versions[-1].revision + 1,
        "lineage_id": first_id,
        "lineage_version": first_version,
        "state": ProgrammeState.DRAFT,
        "published_at": None,
        "catch_up": False,
    }
    programme = RebateProgramme.model_validate({**versions[-1].model_dump(), **changes})
    _check_next(versions[-1], programme, versions)
    return await add(work, PROGRAMMES, programme, action="revise")


def _check_next(before: RebateProgramme, after: RebateProgramme, versions: Sequence[RebateProgramme]) -> None:
    """Raises RevisionInvalid."""
    former = [one for one in versions if one.state is ProgrammeState.PUBLISHED][-1]
    same = {name: getattr(before, name) == getattr(after, name) for name in KEPT}
    check_revision(same, former.valid_from, after.valid_from, after.valid_to)


async def publish_programme(work: Work, programme_id: UUID, *, catch_up: bool = False) -> RebateProgramme:
    """Let a draft count for every order confirmed from now on; raises NotFound, StateConflict.

    No accrual is under way meanwhile, so each of them saw the programme or is older than `published_at`. With
    `catch_up` a job with the id of the programme accrues those of its days that came before; what comes from now on
    is accrued at once, whenever it was confirmed. Asked again after that job failed or was cancelled it goes on where
    it stopped.
    """
    await repository.hold_lock(work.tx)
    before = await require(work, PROGRAMMES, programme_id, lock=True)
    if catch_up and before.catch_up and await resume_job(work.tx, programme_id):
        await record(work, replace(PROGRAMMES, said=_unsaid), [Change(before, before)], action="catch_up")
        return before
    state = next_state(NOUN, MOVES, "publish", before.state)
    changes = {"state": state, "published_at": clock.now(), "catch_up": catch_up}
    if catch_up:
        await enqueue(work.tx, CATCH_UP, {}, work.actor.subject, job_id=programme_id)
    return await change(work, PROGRAMMES, before, changes, action="publish")


async def hold_accruals(work: Work) -> None:
    """Wait for the accruals under way and keep new ones out until the work ends."""
    await repository.hold_lock(work.tx)


async def share_accruals(work: Work) -> None:
    """Accrue beside others, while no programme is published and none catches up."""
    await repository.share_lock(work.tx)


async def programmes_for(work: Work, first: date, last: date) -> list[RebateProgramme]:
    """Published programmes valid on some day from `first` to `last`, with all versions of each, the first first; none
    is published until the work ends."""
    await repository.share_lock(work.tx)
    return await repository.list_valid(work.tx, first, last)


async def lineages_of(work: Work, programme_ids: Sequence[UUID]) -> dict[UUID, list[RebateProgramme]]:
    """Published versions, the first first, of the programmes of which these are some; under the id of each version."""
    found = by_lineage(await repository.list_lineages(work.tx, programme_ids)) if programme_ids else []
    return {one.id: versions for versions in found for one in versions}


def by_lineage(found: Iterable[RebateProgramme]) -> list[list[RebateProgramme]]:
    """Versions of each programme, the first first, out of those that follow each other so."""
    return [list(versions) for _root, versions in groupby(found, key=lambda one: one.root)]


async def programmes_by_id(work: Work, programme_ids: Sequence[UUID]) -> dict[UUID, RebateProgramme]:
    """Programmes of these ids."""
    return {row.id: row for row in await repository.list_by_id(work.tx, programme_ids)}


async def checked_terms(work: Work, data: ProgrammeTerms) -> dict[str, Any]:
    """Terms as they are kept; raises ValidityInvalid, TierPlanInvalid, TermsInvalid, UnknownReference for a partner."""
    if data.valid_to < data.valid_from:
        raise ValidityInvalid(errors=[FieldError("/valid_to", "before-start", "ends before it begins")])
    plan_of(data.kind, [(tier.start, tier.rate) for tier in data.tiers], [tier.amount for tier in data.tiers])
    named = {f"/partner_ids/{number}": one for number, one in enumerate(data.partner_ids)}
    named |= {f"/baselines/{number}/partner_id": one.partner_id for number, one in enumerate(data.baselines or ())}
    check_terms(
        data.kind,
        basis=data.basis,
        baselines=None if data.baselines is None else [one.partner_id for one in data.baselines],
        focus_lines=data.focus_lines,
        product_lines=data.product_lines,
    )
    await _require_partners(work, named)
    basis = data.basis or (GrowthBasis.ALL if data.kind is PlanKind.GROWTH else None)
    own = await products.known_lines(work, [*data.product_lines, *(data.focus_lines or ())])
    lines = list(dict.fromkeys(own.get(line, line) for line in data.product_lines))
    focus = None if data.focus_lines is None else list(dict.fromkeys(own.get(line, line) for line in data.focus_lines))
    return {**data.model_dump(), "basis": basis, "product_lines": lines, "focus_lines": focus}


async def _require_partners(work: Work, named: Mapping[str, UUID]) -> None:
    """Raises UnknownReference for partners (by where they are named) that are none."""
    known = await partners.known_partners(work, list(named.values())) if named else set()
    unknown = [
        FieldError(pointer, "unknown-reference", "no partner of this id")
        for pointer, partner_id in named.items()
        if partner_id not in known
    ]
    if unknown:
        raise UnknownReference(errors=unknown)
