"""Use cases of certificates of partners: what levels of partners may ask for. Nobody is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from kit.errors import FieldError, Invalid, LostRace, NotFound, Taken, UnknownReference
from kit.records import Change, Resource, add, change, changed_row, fresh, record, require
from kit.versions import Versions
from kit.work import Work
from services.channels.certificates import repository
from services.channels.certificates.models import PartnerCertificate
from services.channels.certificates.schemas import PartnerCertificateCreate, PartnerCertificateUpdate
from services.channels.partners import service as partners

NOUN = "partner-certificate"
AUDITED = ("partner_id", "kind", "number", "valid_from", "valid_to")


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "The certificate ends before it begins"


def _unsaid(_one: Change[PartnerCertificate]) -> None:
    """Nobody else needs to know."""


CERTIFICATES = Resource(NOUN, PartnerCertificate, _unsaid, audited=AUDITED)


async def create_certificate(work: Work, data: PartnerCertificateCreate) -> PartnerCertificate:
    """Enter a certificate; raises UnknownReference, ValidityInvalid, Taken."""
    _check_validity(data.valid_from, data.valid_to)
    try:
        await partners.require_partner(work, data.partner_id)
    except NotFound:
        raise UnknownReference(errors=[FieldError("/partner_id", "unknown-reference", "no such partner")]) from None
    row = PartnerCertificate(**fresh(), **data.model_dump())
    try:
        return await add(work, CERTIFICATES, row)
    except LostRace:
        other = await repository.same_as(work.tx, row)
        if other is None:
            raise
        raise Taken(NOUN, "number", other.id) from None


async def require_certificate(work: Work, certificate_id: UUID) -> PartnerCertificate:
    """A certificate by id; raises NotFound."""
    return await require(work, CERTIFICATES, certificate_id)


async def update_certificate(
    work: Work, certificate_id: UUID, version: Versions, data: PartnerCertificateUpdate
) -> PartnerCertificate:
    """Change its days; raises NotFound, VersionMismatch, ValidityInvalid."""
    before = await require(work, CERTIFICATES, certificate_id, version=version)
    given = data.given()
    _check_validity(given.get("valid_from", before.valid_from), given.get("valid_to", before.valid_to))
    return await change(work, CERTIFICATES, before, given)


async def issue(work: Work, rows: Sequence[PartnerCertificate]) -> None:
    """Enter certificates that a training gives; raises Taken."""
    if not rows:
        return
    if not await repository.add_all(work.tx, rows):
        raise Taken(NOUN, "number")
    await record(work, CERTIFICATES, [Change(None, row) for row in rows], action="issue")


async def set_ends(work: Work, ends: Mapping[UUID, date | None]) -> None:
    """Let certificates end on other days; raises ValidityInvalid."""
    if not ends:
        return
    found = await repository.lock_all(work.tx, ends.keys())
    for row in found:
        _check_validity(row.valid_from, ends[row.id])
    changes = [one for row in found if (one := _ended(row, ends[row.id])).changed]
    await repository.save_all(work.tx, [one.after for one in changes])
    await record(work, CERTIFICATES, changes, action="change")


def _ended(row: PartnerCertificate, last: date | None) -> Change[PartnerCertificate]:
    return changed_row(row, {"valid_to": last})


def _check_validity(first: date, last: date | None) -> None:
    if last is not None and last < first:
        raise ValidityInvalid(errors=[FieldError("/valid_to", "before-start", "ends before it begins")])
