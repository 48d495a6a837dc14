"""Partners that begin to sell and that sell no more: other slices have a say in it."""

from __future__ import annotations

from uuid import UUID

from kit.work import Work
from services.channels.agreements import service as agreements
from services.channels.deals import moves as deals
from services.channels.events_out.partners import PartnerTerminated
from services.channels.partner_documents import service as documents
from services.channels.partner_screening.rules import ScreeningRequired
from services.channels.partner_screening.schemas import PartnerTerminate
from services.channels.partner_tasks import service as tasks
from services.channels.partners import service as partners
from services.channels.partners.enums import PartnerState
from services.channels.partners.models import Partner
from services.channels.settings import Settings

WITHDRAWN = "partner_terminated"
"""Why the deals of a partner that was terminated are withdrawn."""


async def activate_partner(work: Work, partner_id: UUID) -> Partner:
    """Let a partner sell; raises NotFound, StateConflict, ScreeningRequired, DocumentExpired, TasksOpen."""
    partner = await partners.check_move(work, partner_id, "activate")
    if partner.state is PartnerState.APPLIED and is_screening_required(work):
        raise ScreeningRequired()
    await documents.check_unexpired(work, partner_id)
    await tasks.check_done(work, partner_id)
    return await partners.move_partner(work, partner_id, "activate")


async def terminate_partner(work: Work, partner_id: UUID, data: PartnerTerminate) -> Partner:
    """End with a partner for good: its open deals are withdrawn, its rebates are still settled. Raises NotFound,
    StateConflict, AgreementsInForce."""
    await partners.check_move(work, partner_id, "terminate")
    await agreements.check_none_in_force(work, partner_id)
    await deals.withdraw_all(work, partner_id, WITHDRAWN)
    said = partners.telling(PartnerTerminated, reason=data.reason, business_date=work.today)
    return await partners.move_partner(work, partner_id, "terminate", data.note or data.reason, said=said)


def is_screening_required(work: Work) -> bool:
    """Whether a partner that applies is activated only after it was approved."""
    return isinstance(work.settings, Settings) and work.settings.screening_required
