"""Use cases of trainings: entered, changed, attended; who passes gets a certificate. Nobody else is told of them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.errors import FieldError, UnknownReference
from kit.records import Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.channels.certificates import service as certificates
from services.channels.certificates.models import PartnerCertificate
from services.channels.partner_contacts import service as contacts
from services.channels.partners import service as partners
from services.channels.trainings.models import Attendance, Training
from services.channels.trainings.rules import (
    TrainingAhead,
    TrainingHeld,
    check_attendance,
    check_kept,
    number_of,
    who,
)
from services.channels.trainings.schemas import TrainingAttendanceSet, TrainingCreate, TrainingUpdate

NOUN = "training"
TRAININGS = Resource(
    NOUN, Training, lambda _one: None, audited=("code", "name", "held_on", "certificate_kind"), unique=("code",)
)


async def create_training(work: Work, data: TrainingCreate) -> Training:
    """Enter a training; raises Taken."""
    return await add(work, TRAININGS, Training(**fresh(), **data.model_dump()))


async def require_training(work: Work, training_id: UUID) -> Training:
    """A training by id; raises NotFound."""
    return await require(work, TRAININGS, training_id)


async def update_training(work: Work, training_id: UUID, version: Versions, data: TrainingUpdate) -> Training:
    """Change the fields given; raises NotFound, VersionMismatch, TrainingHeld."""
    before: Training = await require(work, TRAININGS, training_id, version=version)
    given = data.given()
    if before.attendance and given.get("held_on", before.held_on) != before.held_on:
        raise TrainingHeld()
    return await change(work, TRAININGS, before, given)


async def set_attendance(work: Work, training_id: UUID, version: Versions, data: TrainingAttendanceSet) -> Training:
    """Set who came and passed; certificates are issued, and end on other days. Raises NotFound, VersionMismatch,
    TrainingAhead, AttendanceInvalid, CertificateIssued, UnknownReference and what a certificate raises."""
    before: Training = await require(work, TRAININGS, training_id, lock=True)
    version.check(before.version)
    if before.held_on > work.today:
        raise TrainingAhead(f"it is held on {before.held_on}")
    check_attendance(data.attendance, before.held_on, before.certificate_kind)
    issued = {who(one): one for one in before.attendance if one.certificate_id is not None}
    check_kept(issued, {who(one): one.passed for one in data.attendance})
    await _check_known(work, data)
    rows, added = list[Attendance](), list[PartnerCertificate]()
    ends = dict[UUID, date | None]()
    for one in data.attendance:
        row: Attendance = Attendance(**one.model_dump())
        kept = issued.get(who(row))
        if kept is not None and kept.certificate_id is not None:
            row = row.model_copy(update={"certificate_id": kept.certificate_id})
            if kept.certificate_to != row.certificate_to:
                ends[kept.certificate_id] = row.certificate_to
        elif row.passed and before.certificate_kind is not None:
            added.append(_certificate(before, row, before.certificate_kind))
            row = row.model_copy(update={"certificate_id": added[-1].id})
        rows.append(row)
    await certificates.issue(work, added)
    await certificates.set_ends(work, ends)
    rows.sort(key=lambda row: (str(row.partner_id), str(row.contact_id)))
    return await change(work, TRAININGS, before, {"attendance": tuple(rows)}, action="attend")


def _certificate(training: Training, row: Attendance, kind: str) -> PartnerCertificate:
    return PartnerCertificate(
        **fresh(),
        partner_id=row.partner_id,
        kind=kind,
        number=number_of(training.code, who(row)),
        valid_from=training.held_on,
        valid_to=row.certificate_to,
    )


async def _check_known(work: Work, data: TrainingAttendanceSet) -> None:
    known = await partners.known_partners(work, [one.partner_id for one in data.attendance])
    whose = await contacts.partners_of(work, [one.contact_id for one in data.attendance if one.contact_id is not None])
    faults = []
    for number, one in enumerate(data.attendance):
        at = f"/attendance/{number}"
        if one.partner_id not in known:
            faults.append(FieldError(f"{at}/partner_id", UnknownReference.code, "no partner of this id"))
        elif one.contact_id is not None and whose.get(one.contact_id) != one.partner_id:
            faults.append(FieldError(f"{at}/contact_id", UnknownReference.code, "no contact of the partner"))
    if faults:
        raise UnknownReference(errors=faults)
