"""Use cases of entries about partners: written down, followed up. Nobody else is told of them."""

from __future__ import annotations

from uuid import UUID

from kit.errors import FieldError, StateConflict, UnknownReference
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.partner_contacts import service as contacts
from services.channels.partner_logs.enums import PartnerLogState
from services.channels.partner_logs.models import PartnerLog
from services.channels.partner_logs.rules import MOVES, check_days
from services.channels.partner_logs.schemas import PartnerLogClose, PartnerLogCreate, PartnerLogUpdate
from services.channels.partners import service as partners

NOUN = "partner-log"
PARTNER_LOGS = Resource(
    NOUN,
    PartnerLog,
    lambda _one: None,
    audited=("partner_id", "contact_id", "kind", "happened_on", "note", "follow_up_on"),
)


async def create_log(work: Work, data: PartnerLogCreate) -> PartnerLog:
    """Write an entry; raises PartnerLogInvalid, UnknownReference."""
    check_days(data.happened_on, data.follow_up_on, work.today)
    await partners.check_known(work, data.partner_id)
    await _check_contact(work, data.partner_id, data.contact_id)
    state = PartnerLogState.CLOSED if data.follow_up_on is None else PartnerLogState.OPEN
    return await add(
        work, PARTNER_LOGS, PartnerLog(**fresh(), **data.model_dump(), state=state, written_by=work.actor.subject)
    )


async def require_log(work: Work, log_id: UUID) -> PartnerLog:
    """An entry by id; raises NotFound."""
    return await require(work, PARTNER_LOGS, log_id)


async def update_log(work: Work, log_id: UUID, version: Versions, data: PartnerLogUpdate) -> PartnerLog:
    """Let something follow on another day; raises NotFound, VersionMismatch, StateConflict, PartnerLogInvalid."""
    before: PartnerLog = await require(work, PARTNER_LOGS, log_id, version=version)
    given = data.given()
    if not given:
        return before
    if before.state is not PartnerLogState.OPEN:
        raise StateConflict(NOUN, "change", before.state, [PartnerLogState.OPEN])
    check_days(before.happened_on, data.follow_up_on, work.today)
    return await change(work, PARTNER_LOGS, before, given)


async def close_log(work: Work, log_id: UUID, data: PartnerLogClose) -> PartnerLog:
    """Keep what came of it; raises NotFound, StateConflict."""
    before: PartnerLog = await require(work, PARTNER_LOGS, log_id, lock=True)
    state = next_state(NOUN, MOVES, "close", before.state)
    return await change(work, PARTNER_LOGS, before, {"state": state, "outcome": data.outcome}, action="close")


async def _check_contact(work: Work, partner_id: UUID, contact_id: UUID | None) -> None:
    if contact_id is None:
        return
    if await contacts.partner_of(work, contact_id) != partner_id:
        raise UnknownReference(errors=[FieldError("/contact_id", UnknownReference.code, "no contact of the partner")])
