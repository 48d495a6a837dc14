"""Use cases of agreements: write, propose, sign, amend, renew, terminate; what dates bring about; volumes.

Whatever changes who holds a territory takes one advisory lock before any row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import FieldError, StateConflict, UnknownReference
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.agreements import repository
from services.channels.agreements.drafting import TERMS, checked
from services.channels.agreements.enums import AgreementMode, AgreementState
from services.channels.agreements.models import Agreement, AgreementCell
from services.channels.agreements.rules import (
    AMENDABLE,
    MOVES,
    ONE_DAY,
    RENEWABLE,
    AgreementsInForce,
    AgreementSuperseded,
    DraftOpen,
    ExclusivityOverlap,
    LineShare,
    ValidityInvalid,
    best_discounts,
    check_follows,
    covering,
    elapsed_days,
    lines_of,
    pace_of,
    territory_of,
)
from services.channels.agreements.schemas import (
    AgreementAmend,
    AgreementContent,
    AgreementCreate,
    AgreementRenew,
    AgreementReplace,
)
from services.channels.events_out.agreements import (
    AgreementExpired,
    AgreementRenewalDue,
    AgreementSigned,
    AgreementTerminated,
)
from services.channels.partners import service as partners

NOUN = "agreement"
AUDITED = ("number", "agreement_version", "partner_id", "written_by", *TERMS)
Fact = type[AgreementSigned | AgreementRenewalDue | AgreementExpired | AgreementTerminated]


class Volume(NamedTuple):
    """What a partner has sold under a version, and whether that keeps pace with what is owed."""

    agreement: Agreement
    attained_base: int
    until: date
    elapsed_days: int | None
    total_days: int | None
    pace: int | None


def resource(work: Work, fact: Fact | None = None, day: date | None = None, **more: Any) -> Resource[Agreement]:
    """Agreements of which a change says a fact (none by default), of a business day (today by default)."""

    def said(one: Change[Agreement]) -> Published | None:
        if fact is None:
            return None
        named = {
            "owner_id": None,
            "currency": work.base_currency,
            "changed": [name for name in one.changed if name in fact.model_fields],
            "business_date": day or work.today,
        }
        return fact.of(one.after, **named, **more)

    return Resource(NOUN, Agreement, said, audited=AUDITED)


async def draft_agreement(work: Work, data: AgreementCreate) -> Agreement:
    """Version 1, as a draft; raises ValidityInvalid, AgreementInvalid, UnknownReference."""
    if not await partners.known_partners(work, [data.partner_id]):
        raise UnknownReference(errors=[FieldError("/partner_id", UnknownReference.code, "no partner of this id")])
    terms = await checked(work, data)
    number = f"AG-{work.today.year}-{await repository.next_number(work.tx):06d}"
    row = Agreement(
        **fresh(),
        **terms,
        number=number,
        agreement_version=1,
        partner_id=data.partner_id,
        state=AgreementState.DRAFT,
        written_by=work.actor.subject,
    )
    return await add(work, resource(work), row, action="draft")


async def require_agreement(work: Work, agreement_id: UUID, *, lock: bool = False) -> Agreement:
    """A version by id; raises NotFound."""
    return await require(work, resource(work), agreement_id, lock=lock)


async def replace_agreement(work: Work, agreement_id: UUID, version: Versions, data: AgreementReplace) -> Agreement:
    """Set all terms of a version that is not signed; raises NotFound, VersionMismatch, StateConflict and what a draft
    raises."""
    before: Agreement = await require(work, resource(work), agreement_id, version=version)
    state = next_state(NOUN, MOVES, "replace", before.state)
    changes = {**await checked(work, data), "state": state, "written_by": work.actor.subject}
    return await change(work, resource(work), before, changes, action="replace")


async def propose_agreement(work: Work, agreement_id: UUID) -> Agreement:
    """Put a draft forward to be signed; raises NotFound, StateConflict."""
    before: Agreement = await require_agreement(work, agreement_id, lock=True)
    state = next_state(NOUN, MOVES, "propose", before.state)
    return await change(work, resource(work), before, {"state": state}, action="propose")


async def amend_agreement(work: Work, agreement_id: UUID, data: AgreementAmend) -> Agreement:
    """The draft of a next version with other terms from a later day on; raises NotFound, StateConflict,
    AgreementSuperseded, DraftOpen, ValidityInvalid, ExclusivityOverlap and what a draft raises."""
    before: Agreement = await _latest(work, agreement_id, "amend", AMENDABLE)
    terms = before.model_dump(include=set(TERMS)) | data.given()
    return await _next_version(work, before, terms)


async def renew_agreement(work: Work, agreement_id: UUID, data: AgreementRenew) -> Agreement:
    """The draft of a next version that begins when this one ends; raises as an amendment does."""
    before: Agreement = await _latest(work, agreement_id, "renew", RENEWABLE)
    if before.ends_on is None:
        raise ValidityInvalid("an agreement without an end goes on by itself")
    dates = {"valid_from": before.ends_on + ONE_DAY, "valid_to": data.valid_to}
    terms = before.model_dump(include=set(TERMS)) | dates
    if data.valid_to is None:
        terms["minimum_volume_base"] = None
    return await _next_version(work, before, terms)


async def read_volume(work: Work, agreement_id: UUID) -> Volume:
    """What was sold under a version so far; raises NotFound."""
    one = await require_agreement(work, agreement_id)
    last = one.ends_on if one.signed_on is not None else one.valid_to
    until = work.today if last is None else min(last, work.today)
    lines = [line for line in lines_of(one.product_lines) if line]
    regions = territory_of(one.territory)
    sold = await repository.volume_of(work.tx, one.partner_id, one.valid_from, until, regions, lines)
    elapsed, total = (None, None) if one.valid_to is None else elapsed_days(one.valid_from, one.valid_to, until)
    pace = None if elapsed is None or total is None else pace_of(sold, one.minimum_volume_base, elapsed, total)
    return Volume(one, sold, until, elapsed, total, pace)


async def check_none_in_force(work: Work, partner_id: UUID) -> None:
    """Under the advisory lock, which whoever signs waits for: raises AgreementsInForce where a signed agreement of the
    partner has not ended, also one that has not begun."""
    await repository.hold_lock(work.tx)
    if numbers := await repository.numbers_in_force(work.tx, partner_id, work.today):
        raise AgreementsInForce(f"{', '.join(numbers)} must end first", extra={"numbers": numbers})


async def locked(work: Work, agreement_id: UUID) -> tuple[Agreement, Agreement | None]:
    """Under the advisory lock: a version, and the signed one before it."""
    await repository.hold_lock(work.tx)
    found: Agreement = await require_agreement(work, agreement_id, lock=True)
    versions = await repository.lock_versions(work.tx, found.number)
    return found, former_of(versions, found.agreement_version)


def former_of(versions: Sequence[Agreement], number: int) -> Agreement | None:
    """The signed version before one of a number."""
    signed = [one for one in versions if one.agreement_version < number and one.signed_on is not None]
    return signed[-1] if signed else None


async def _latest(work: Work, agreement_id: UUID, action: str, allowed: Sequence[AgreementState]) -> Agreement:
    found, _ = await locked(work, agreement_id)
    if found.state not in allowed:
        raise StateConflict(NOUN, action, found.state, allowed)
    versions = await repository.lock_versions(work.tx, found.number)
    check_latest(found, versions)
    if versions[-1].id != found.id:
        raise DraftOpen(extra={"agreement_id": str(versions[-1].id)})
    return found


def check_latest(one: Agreement, versions: Sequence[Agreement]) -> None:
    """Raises AgreementSuperseded where a later version than this one is signed."""
    later = former_of(versions, versions[-1].agreement_version + 1)
    if later is not None and later.id != one.id:
        raise AgreementSuperseded(extra={"agreement_id": str(later.id)})


async def _next_version(work: Work, before: Agreement, terms: Mapping[str, Any]) -> Agreement:
    content = AgreementContent.model_validate(terms)
    check_follows(content.valid_from, before.valid_from, before.ends_on)
    columns = await checked(work, content)
    row = Agreement(
        **fresh(),
        **columns,
        number=before.number,
        agreement_version=before.agreement_version + 1,
        partner_id=before.partner_id,
        state=AgreementState.DRAFT,
        written_by=work.actor.subject,
    )
    await check_overlap(work, cells_of(row))
    return await add(work, resource(work), row, action="draft")


def cells_of(one: Agreement) -> list[AgreementCell]:
    """What a version holds: each region with each line, none of them within another."""
    return [
        AgreementCell(
            agreement_id=one.id,
            region=region,
            product_line=line,
            number=one.number,
            partner_id=one.partner_id,
            mode=one.mode,
            exclusivity=one.exclusivity,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
        )
        for region in territory_of(one.territory)
        for line in lines_of(one.product_lines)
    ]


async def discounts_on(
    work: Work, partner_id: UUID | None, day: date, region: str | None, mode: str | None
) -> dict[str, LineShare]:
    """What agreements take off list prices by folded product line, for a partner that sells into a region in a way
    (None: nobody knows, so only what holds for all ways); of no region nothing."""
    if partner_id is None or region is None:
        return {}
    modes = [AgreementMode.ALL, *([AgreementMode(mode)] if mode is not None else [])]
    return best_discounts(await repository.discounts_on(work.tx, partner_id, day, covering(region), modes))


async def check_overlap(work: Work, cells: Sequence[AgreementCell]) -> None:
    """Raises ExclusivityOverlap, naming who holds a cell that must not be shared."""
    found = await repository.find_overlap(work.tx, cells)
    if found is not None:
        shown = {
            "number": found.number,
            "valid_from": str(found.valid_from),
            "valid_to": None if found.valid_to is None else str(found.valid_to),
        }
        detail = f"{found.number} holds {found.region} from {found.valid_from} to {found.valid_to or 'an open end'}"
        raise ExclusivityOverlap(detail, extra=shown)
