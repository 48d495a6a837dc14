"""Use cases of documents of partners: entered, corrected, warned of 30 days ahead. Nobody else is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit import clock
from kit.errors import LostRace, Taken
from kit.records import Resource, add, change, fresh, require
from kit.versions import Versions
from kit.work import Work
from services.channels.partner_documents import repository
from services.channels.partner_documents.models import PartnerDocument
from services.channels.partner_documents.rules import DocumentExpired, warning_day
from services.channels.partner_documents.schemas import PartnerDocumentCreate, PartnerDocumentUpdate
from services.channels.partners import service as partners

NOUN = "partner-document"
PARTNER_DOCUMENTS = Resource(
    NOUN,
    PartnerDocument,
    lambda _one: None,
    audited=("partner_id", "kind", "number", "is_mandatory", "valid_to", "reference", "sha256"),
)


async def create_document(work: Work, data: PartnerDocumentCreate) -> PartnerDocument:
    """Enter a document; raises UnknownReference, Taken."""
    await partners.check_known(work, data.partner_id)
    row = PartnerDocument(**fresh(), **data.model_dump(), due_at=_due_at(work, data.valid_to))
    try:
        return await add(work, PARTNER_DOCUMENTS, row)
    except LostRace:
        other = await repository.same_as(work.tx, row)
        if other is None:
            raise
        raise Taken(NOUN, "number", other.id) from None


async def require_document(work: Work, document_id: UUID) -> PartnerDocument:
    """A document by id; raises NotFound."""
    return await require(work, PARTNER_DOCUMENTS, document_id)


async def update_document(
    work: Work, document_id: UUID, version: Versions, data: PartnerDocumentUpdate
) -> PartnerDocument:
    """Change the fields given; of another last day is warned anew. Raises NotFound, VersionMismatch."""
    before = await require(work, PARTNER_DOCUMENTS, document_id, version=version)
    given = data.given()
    if given.get("valid_to", before.valid_to) != before.valid_to:
        given |= {"warned_on": None, "due_at": _due_at(work, given["valid_to"])}
    return await change(work, PARTNER_DOCUMENTS, before, given)


async def warn(work: Work, rows: Sequence[PartnerDocument]) -> None:
    """Say of documents, to who reads their list, that they end."""
    for row in rows:
        await change(work, PARTNER_DOCUMENTS, row, {"warned_on": work.today, "due_at": None}, action="warn")


async def check_unexpired(work: Work, partner_id: UUID) -> None:
    """Raises DocumentExpired while a mandatory document of a partner is over and none of its kind is valid."""
    if kinds := await repository.expired_kinds(work.tx, partner_id, work.today):
        raise DocumentExpired(f"none of {', '.join(kinds)} is valid on {work.today}", extra={"kinds": kinds})


def _due_at(work: Work, valid_to: date | None) -> datetime | None:
    day = warning_day(valid_to, work.today)
    return None if day is None else clock.start_of_day(work.settings.timezone, day)
