"""Use cases of points: programmes, members, adjustments by two people. What orders and dates do is in `moves`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.errors import FieldError, Invalid, NotFound, NotHeardYet, Taken
from kit.records import Change, Resource, add, audit_added, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.channels.ledgers import service as ledgers
from services.channels.ledgers.enums import Bucket, Unit
from services.channels.points import repository
from services.channels.points.books import Book, Ticket, open_book
from services.channels.points.enums import AdjustmentState
from services.channels.points.groups import lock_joined_to, read_joined, usable_of
from services.channels.points.ledger import book_of
from services.channels.points.models import PointsAccount, PointsAdjustment, PointsLot, PointsProgramme
from services.channels.points.rules import (
    MOVES,
    PointsUnfit,
    ProgrammeEnded,
    SamePerson,
    TooFewPoints,
    most_off,
    most_points,
    worth_of,
)
from services.channels.points.schemas import PointsAdjust, PointsProgrammeCreate, PointsProgrammeUpdate
from services.channels.products import service as products
from services.channels.sales import service as sales

NOUN = "points-programme"
MEMBER = "points-account"
ADJUSTMENT = "points-adjustment"


class ValidityInvalid(Invalid):
    code, title = "validity-invalid", "A programme does not end before it begins, or in the past"


def _silent(_change: Change[PointsProgramme]) -> None:
    """Nobody is told of a programme."""


PROGRAMMES = Resource(
    NOUN,
    PointsProgramme,
    _silent,
    audited=(
        "code",
        "name",
        "points",
        "per_base",
        "factors",
        "validity_months",
        "lock_days",
        "valid_from",
        "valid_to",
        "worth",
        "max_share",
    ),
    unique=("code",),
)
ADJUSTMENTS = Resource(
    ADJUSTMENT, PointsAdjustment, lambda _change: None, audited=("points_account_id", "points", "state")
)


class Buyer(NamedTuple):
    """Who redeems when, in which currency; of which programme, where one is named."""

    account_id: UUID
    currency: str
    day: date
    programme_id: UUID | None = None


class Standing(NamedTuple):
    """A member with what it has with all that are one with it: `usable` has passed its lock. `account_id` is what its
    account reads as."""

    row: PointsAccount
    account_id: UUID
    available: int
    usable: int


async def create_programme(work: Work, data: PointsProgrammeCreate) -> PointsProgramme:
    """A programme that counts from its first day on, with skus and lines in their own spelling; raises Taken."""
    skus = await products.products_by_sku(work, [sku for one in data.factors for sku in one.skus])
    own = {sku: product.sku for sku, product in skus.items()}
    lines = await products.known_lines(work, [line for one in data.factors for line in one.product_lines])
    factors = [
        {**one.model_dump(), "skus": _spelt(one.skus, own), "product_lines": _spelt(one.product_lines, lines)}
        for one in data.factors
    ]
    return await add(work, PROGRAMMES, PointsProgramme(**fresh(), **{**data.model_dump(), "factors": factors}))


def _spelt(named: Sequence[str], own: Mapping[str, str]) -> list[str]:
    """What is named in its own spelling, each once; what is unknown as it is."""
    return list(dict.fromkeys(own.get(one, one) for one in named))


async def require_programme(work: Work, programme_id: UUID) -> PointsProgramme:
    """A programme by id; raises NotFound."""
    return await require(work, PROGRAMMES, programme_id)


async def update_programme(
    work: Work, programme_id: UUID, version: Versions, data: PointsProgrammeUpdate
) -> PointsProgramme:
    """Another name, or another end that has not passed; raises NotFound, VersionMismatch, ProgrammeEnded,
    ValidityInvalid: what was earned until now stays as it was."""
    before: PointsProgramme = await require(work, PROGRAMMES, programme_id, version=version)
    changes = data.given()
    if changes.get("valid_to", before.valid_to) != before.valid_to:
        if before.valid_to is not None and before.valid_to < work.today:
            raise ProgrammeEnded()
        end = changes["valid_to"]
        if end is not None and end < max(work.today, before.valid_from):
            raise ValidityInvalid(errors=[FieldError("/valid_to", ValidityInvalid.code, ValidityInvalid.title)])
    return await change(work, PROGRAMMES, before, changes)


async def join(work: Work, programme_id: UUID, account_id: UUID) -> Standing:
    """Let an account earn from now on; raises NotFound, ProgrammeEnded, NotHeardYet, Taken."""
    programme: PointsProgramme = await require(work, PROGRAMMES, programme_id)
    if programme.valid_to is not None and programme.valid_to < work.today:
        raise ProgrammeEnded()
    account = await sales.find_account(work, account_id)
    if account is None or not (await work.scope()).sees(account.owner_id):
        raise NotHeardYet(errors=[FieldError("/account_id", NotHeardYet.code, "no such account is known here yet")])
    programmes = {row.programme_id for row in (await read_joined(work, [account_id])).rows}
    if programme_id in programmes:
        raise Taken(MEMBER, "account_id")
    begun = fresh()
    row = PointsAccount(
        **begun,
        programme_id=programme_id,
        account_id=account_id,
        joined_at=begun["created_at"],
        joined_by=work.actor.subject,
    )
    if not await repository.add_account(work.tx, row):
        raise Taken(MEMBER, "account_id")
    said = {"programme_id": str(programme_id), "account_id": str(account_id)}
    await audit_added(work, "points_account", row.id, said)
    return (await standings(work, [row]))[0]


async def require_member(work: Work, row_id: UUID) -> PointsAccount:
    """A member of the caller's scope, by the owner of its account; raises NotFound."""
    row = await repository.find_account(work.tx, work.visible, row_id)
    if row is None:
        raise NotFound(what=MEMBER)
    return row


async def read_member(work: Work, row_id: UUID) -> Standing:
    """A member with what it has; raises NotFound."""
    return (await standings(work, [await require_member(work, row_id)]))[0]


async def balances(work: Work, account_id: UUID) -> list[Standing]:
    """What an account has in each programme, with all that are one with it; raises NotFound."""
    joined = await read_joined(work, [account_id])
    account = await sales.find_account(work, joined.groups.root(account_id))
    if account is None or not (await work.scope()).sees(account.owner_id):
        raise NotFound(what="account")
    return await standings(work, joined.of(account_id))


async def standings(work: Work, rows: Sequence[PointsAccount]) -> list[Standing]:
    """Members with what they have with all that are one with them; a fixed number of statements for any number."""
    joined = await read_joined(work, {row.account_id for row in rows})
    available, lots = await _held(work, joined.rows)
    found = []
    for row in rows:
        ids = [one.id for one in joined.beside(row)]
        total = sum(available[one] for one in ids)
        locked = sum(lot.remaining for one in ids for lot in lots.get(one, ()) if lot.usable_from > work.today)
        root = joined.groups.root(row.account_id)
        found.append(Standing(row, root, total, max(0, total - locked)))
    return found


async def _held(work: Work, rows: Sequence[PointsAccount]) -> tuple[dict[UUID, int], dict[UUID, list[PointsLot]]]:
    """What members have in their books and in lots."""
    ids = [row.id for row in rows]
    known = await ledgers.balances(work.tx, sorted({book_of(row.programme_id) for row in rows}), ids)
    places = {row.id: (book_of(row.programme_id), row.id, Bucket.AVAILABLE, Unit.POINT) for row in rows}
    lots: dict[UUID, list[PointsLot]] = {}
    for lot in await repository.lots_of(work.tx, ids):
        lots.setdefault(lot.points_account_id, []).append(lot)
    return {one: known.get(place, 0) for one, place in places.items()}, lots


async def is_member(work: Work, account_id: UUID) -> bool:
    """Whether an account, or one that is one with it, is a member of any programme."""
    return bool((await read_joined(work, [account_id])).rows)


class Redeemable(NamedTuple):
    """Points that a quote may redeem: of which member, what they take off."""

    points_account_id: UUID
    points: int
    value: int


async def redeemable(work: Work, of: Buyer, points: int, net: int) -> Redeemable:
    """Whether an account may redeem so many points in a quote that comes to `net`; of several programmes the first by
    its code in which it has enough of them. Raises TooFewPoints, PointsUnfit."""
    joined = await read_joined(work, [of.account_id])
    members = {row.programme_id: row for row in joined.of(of.account_id)}
    found = await repository.programmes(work.tx, sorted(members)) if members else []
    found = sorted((p for p in found if of.currency in p.worth and of.programme_id in (None, p.id)), key=_code)
    available, lots = await _held(work, joined.rows) if found else ({}, {})
    most = 0
    for programme in found:
        ids = [one.id for one in joined.beside(members[programme.id])]
        own = [lot for one in ids for lot in lots.get(one, ())]
        usable = usable_of(sum(available[one] for one in ids), own, of.day)
        most = max(most, usable)
        if usable >= points:
            return Redeemable(members[programme.id].id, points, _value(programme, of.currency, points, net))
    detail = f"{most} may be used"
    raise TooFewPoints(detail, errors=[FieldError("/points", TooFewPoints.code, detail)])


def _code(programme: PointsProgramme) -> str:
    return programme.code


def _value(programme: PointsProgramme, currency: str, points: int, net: int) -> int:
    per_hundred, most = programme.worth[currency], most_off(net, programme.max_share)
    value = worth_of(points, per_hundred)
    if 0 < value <= most:
        return value
    detail = f"at most {most_points(most, per_hundred)}" if value else "they take nothing off"
    raise PointsUnfit(detail, errors=[FieldError("/points", PointsUnfit.code, detail)])


class Purse(NamedTuple):
    """A locked member that pays for something at once."""

    book: Book
    points_account_id: UUID

    @property
    def programme_id(self) -> UUID:
        """What it is a member of."""
        return self.book.members[self.points_account_id].account.programme_id

    async def pay(self, points: int, ticket: Ticket) -> None:
        """A ticket costs points; raises PointsShort."""
        self.book.pay(self.book.members[self.points_account_id], points, ticket)
        await self.book.write()


async def open_purse(work: Work, row_id: UUID) -> Purse:
    """A member of the caller's scope, locked with all that are one with it; raises NotFound."""
    member = await require_member(work, row_id)
    return Purse(await open_book(work, await lock_joined_to(work, [member.id])), member.id)


async def ask_adjustment(work: Work, row_id: UUID, data: PointsAdjust) -> PointsAdjustment:
    """Points that somebody else is to agree to; raises NotFound."""
    member = await require_member(work, row_id)
    row = PointsAdjustment(
        **fresh(),
        points_account_id=member.id,
        **data.model_dump(),
        state=AdjustmentState.PENDING,
        asked_by=work.actor.subject,
    )
    return await add(work, ADJUSTMENTS, row, action="ask")


async def require_adjustment(work: Work, adjustment_id: UUID) -> PointsAdjustment:
    """An adjustment of a member of the caller's scope; raises NotFound."""
    row: PointsAdjustment = await require(work, ADJUSTMENTS, adjustment_id)
    if await repository.find_account(work.tx, work.visible, row.points_account_id) is None:
        raise NotFound(what=ADJUSTMENT)
    return row


async def decide_adjustment(work: Work, adjustment_id: UUID, action: str) -> PointsAdjustment:
    """Approve or reject what somebody else asked for; raises NotFound, StateConflict, SamePerson, PointsShort."""
    before = await require_adjustment(work, adjustment_id)
    joined = await lock_joined_to(work, [before.points_account_id])
    before = await require(work, ADJUSTMENTS, adjustment_id, lock=True)
    state = next_state(ADJUSTMENT, MOVES, action, before.state)
    if work.actor.subject == before.asked_by:
        raise SamePerson()
    changes = {"state": state, "decided_by": work.actor.subject}
    after = await change(work, ADJUSTMENTS, before, changes, action=action)
    if state is AdjustmentState.APPROVED:
        book: Book = await open_book(work, joined)
        book.adjust(book.members[before.points_account_id], after)
        await book.write()
    return after
