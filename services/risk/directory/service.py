"""What other slices ask of the directories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.calendar import Calendar, calendar_of
from kit.errors import FieldError, Invalid, NotHeardYet
from kit.events.projections import require_filled
from kit.work import Work
from services.risk.directory import repository
from services.risk.directory.repository import Party

RATES = "exchange_rate"
"""The projection of exchange rates."""
TARGETS = "target_directory"
"""The projection of targets."""


class OneParty(Invalid):
    code, title = "one-party", "Name either an account or a partner"


def owned(work: Work) -> tuple[str, Sequence[object]]:
    """The record scope as a predicate over the account directory `d`, and its parameters from $1 on."""
    query = work.visible
    return query.sees("d.owner_id"), query.args


async def owners_of(work: Work, account_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of accounts; one that is unknown here is missing."""
    return await repository.owners_of(work.tx, account_ids)


async def partner_owners(work: Work, partner_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of partners; one that is unknown here is missing."""
    return await repository.partner_owners(work.tx, partner_ids)


async def require_party(work: Work, account_id: UUID | None, partner_id: UUID | None) -> Party:
    """The account or the partner that something is agreed with.

    Raises OneParty, and NotHeardYet for one that is unknown here or outside the caller's scope.
    """
    if account_id is not None and partner_id is None:
        field, found = "/account_id", await repository.account_party(work.tx, account_id)
    elif partner_id is not None and account_id is None:
        field, found = "/partner_id", await repository.partner_party(work.tx, partner_id)
    else:
        raise OneParty(errors=[FieldError("/account_id", OneParty.code, OneParty.title)])
    if found is None or not (await work.scope()).sees(found.owner_id):
        raise NotHeardYet(errors=[FieldError(field, "unknown-reference", f"nothing of this id is known: {field[1:]}")])
    return found


async def rate_on(work: Work, currency: str, day: date) -> str | None:
    """Base units per unit of a currency on a day; None where no rate was heard of.

    Raises ProjectionBuilding while the rates are being filled.
    """
    if currency == work.base_currency:
        return "1"
    await require_filled(work.tx, [RATES])
    return await repository.rate_on(work.tx, currency, day)


async def company_calendar(work: Work) -> Calendar:
    """The company's calendar as of now: that of its country, and its own days."""
    own = {day.date: day.kind for year in await repository.list_years(work.tx) for day in year.days}
    return calendar_of(work.settings.calendar_country, work.settings.timezone, own)


async def known_accounts(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these accounts are known here."""
    return await repository.known_accounts(work.tx, ids) if ids else set()


async def known_partners(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these partners are known here."""
    return await repository.known_partners(work.tx, ids) if ids else set()


async def known_members(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these members are known here."""
    return await repository.known_members(work.tx, ids) if ids else set()


async def left_members(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these members have left by today."""
    return await repository.left_members(work.tx, ids, work.today) if ids else set()


async def check_target(work: Work, target_id: UUID) -> None:
    """Raises NotHeardYet for a target that nobody told of, ProjectionBuilding while targets are being filled."""
    if not await repository.known_targets(work.tx, [target_id]):
        await require_filled(work.tx, [TARGETS])
        raise _unheard("target_id")


async def check_chosen(work: Work, account_id: UUID | None, owner_id: UUID | None, partner_id: UUID | None) -> None:
    """Whom figures are asked of; raises NotHeardYet for one that is unknown here, and for an account outside of the
    caller's scope."""
    if account_id is not None:
        owners = await owners_of(work, [account_id])
        if account_id not in owners or not (await work.scope()).sees(owners[account_id]):
            raise _unheard("account_id")
    if owner_id is not None and not await known_members(work, [owner_id]):
        raise _unheard("owner_id")
    if partner_id is not None and not await known_partners(work, [partner_id]):
        raise _unheard("partner_id")


def _unheard(name: str) -> NotHeardYet:
    return NotHeardYet(errors=[FieldError(name, NotHeardYet.code, "nobody told of this id")])
