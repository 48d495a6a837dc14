"""Pure rules of trainings: what an attendance may say, and how a certificate is numbered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid

Who = tuple[UUID, UUID | None]
"""A partner, and a person of it where one is named."""


class TrainingAhead(Conflict):
    code, title = "training-ahead", "The training has not been held yet"


class TrainingHeld(Conflict):
    code, title = "training-held", "Who came to the training is known: its day stays"


class CertificateIssued(Conflict):
    code, title = "certificate-issued", "Who has a certificate of the training has passed it"


class AttendanceInvalid(Invalid):
    code, title = "attendance-invalid", "The attendance cannot be as it is written"


class Attended(Protocol):
    """What counts of an attendance."""

    @property
    def partner_id(self) -> UUID: ...
    @property
    def contact_id(self) -> UUID | None: ...
    @property
    def attended(self) -> bool: ...
    @property
    def passed(self) -> bool: ...
    @property
    def certificate_to(self) -> date | None: ...


def who(one: Attended) -> Who:
    """By what an attendance is the same."""
    return one.partner_id, one.contact_id


def number_of(code: str, whose: Who) -> str:
    """The number of a certificate: one of a training and whoever passed it, whatever is entered twice.

    >>> number_of("T-1", (UUID(int=1), None)), number_of("T-1", (UUID(int=1), UUID(int=255)))
    ('T-1:000000000001', 'T-1:0000000000ff')
    """
    partner_id, contact_id = whose
    return f"{code}:{(contact_id or partner_id).hex[-12:]}"


def check_attendance(rows: Sequence[Attended], held_on: date, kind: str | None) -> None:
    """Each once, who passed has attended, a certificate is of who passed and ends no earlier than it begins. Raises
    AttendanceInvalid."""
    faults, seen = [], set[Who]()
    for number, one in enumerate(rows):
        at = f"/attendance/{number}"
        if who(one) in seen:
            faults.append(FieldError(f"{at}/partner_id", "repeated", "each once"))
        seen.add(who(one))
        if one.passed and not one.attended:
            faults.append(FieldError(f"{at}/passed", "not-attended", "who passed has attended"))
        if one.certificate_to is None:
            continue
        if not one.passed or kind is None:
            faults.append(FieldError(f"{at}/certificate_to", "no-certificate", "there is no certificate"))
        elif one.certificate_to < held_on:
            faults.append(FieldError(f"{at}/certificate_to", "before-start", "ends before it begins"))
    if faults:
        raise AttendanceInvalid(errors=faults)


def check_kept(issued: Iterable[Who], passed: Mapping[Who, bool]) -> None:
    """Raises CertificateIssued where who has a certificate is missing or has not passed any more."""
    if lost := [partner_id for partner_id, contact_id in issued if not passed.get((partner_id, contact_id))]:
        raise CertificateIssued(extra={"partner_ids": [str(one) for one in lost]})
