"""Use cases of cases: opened, read, changed; what time brings about. What moves them is in `moves`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from kit import clock
from kit.clock import business_date
from kit.errors import FieldError, Invalid, NotFound, UnknownReference
from kit.records import Change, add, change, changed_row, fresh, record
from kit.versions import Versions
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.filing import are_one
from services.customer.accounts.models import Account
from services.customer.accounts.rules import AccountArchived, OwnerLeft
from services.customer.cases import repository
from services.customer.cases.changes import CASES, saying, saying_breaches
from services.customer.cases.enums import CaseState
from services.customer.cases.models import VOID, Case, ShownCase, ShownClock, with_clocks
from services.customer.cases.repository import Wake
from services.customer.cases.rules import (
    HIGHEST_LEVEL,
    NOUN,
    OPEN,
    UNANSWERED,
    SecondOwnerNotImpartial,
    check_state,
    digest,
    is_worse,
)
from services.customer.cases.schemas import CaseCreate, CaseUpdate
from services.customer.contacts import service as contacts
from services.customer.directories import service as directories
from services.customer.events_out.cases import CaseOpened
from services.customer.orders import service as orders
from services.customer.organisation import service as organisation
from services.customer.slas import service as slas
from services.customer.slas.enums import Severity, StepKind
from services.customer.slas.models import CaseClock
from services.customer.slas.rules import late_minutes, next_step, resized, state_of, taken
from services.customer.slas.service import Clocks

LONGEST_DELAY = timedelta(days=366)
"""How long ago what is entered now may have been received."""
RECLASSIFIED = (CaseState.RECEIVED, CaseState.ACKNOWLEDGED)
"""States that every kind passes alike."""


class Held(NamedTuple):
    """A locked case with its clocks, now."""

    case: Case
    clocks: Clocks
    now: datetime


def _unknown(field: str) -> UnknownReference:
    detail = f"no such {field.removesuffix('_id').replace('_', ' ')}"
    return UnknownReference(detail, errors=[FieldError(f"/{field}", "unknown-reference", detail)])


async def _account(work: Work, account_id: UUID) -> Account:
    try:
        account = await accounts.get_account(work, account_id)
    except NotFound:
        raise _unknown("account_id") from None
    if account.is_archived:
        raise AccountArchived()
    return account


async def _order_account(work: Work, order_id: UUID) -> UUID:
    try:
        return (await orders.get_order(work, order_id)).account_id
    except NotFound:
        raise _unknown("order_id") from None


async def check_references(work: Work, case: Case, named: Sequence[str]) -> None:
    """The fields named refer to what is the account's and what the caller sees; raises UnknownReference."""
    if "contact_id" in named and case.contact_id is not None:
        try:
            contact = await contacts.get_contact(work, case.contact_id)
        except NotFound:
            raise _unknown("contact_id") from None
        if not await are_one(work, contact.account_id, case.account_id):
            raise _unknown("contact_id")
    order_id = case.order_id if "order_id" in named else None
    if order_id is not None and not await are_one(work, await _order_account(work, order_id), case.account_id):
        raise _unknown("order_id")
    if "recurrence_of" in named and case.recurrence_of is not None:
        former = await repository.find_case(work.tx, work.visible, case.recurrence_of, lock=False)
        if former is None or former.id == case.id or not await are_one(work, former.account_id, case.account_id):
            raise _unknown("recurrence_of")


async def check_second(work: Work, case: Case, *, is_chosen: bool = True) -> None:
    """The second owner has no part in the case. Who is chosen as one is a member who has not left, in whose units ever.

    Raises NotHeardYet, OwnerLeft, SecondOwnerNotImpartial.
    """
    if (second := case.second_owner_id) is None:
        return
    if is_chosen:
        sellers = await directories.find_sellers(work, [second])
        if second not in sellers.known:
            raise accounts.unknown_owner(second, "/second_owner_id")
        if second in sellers.left:
            raise OwnerLeft(second, "/second_owner_id")
    if await repository.is_partial(work.tx, second, case.account_id, case.order_id, case.owner_id):
        detail = "is the owner, the account's owner, or credited for the order"
        raise SecondOwnerNotImpartial(
            detail, errors=[FieldError("/second_owner_id", SecondOwnerNotImpartial.code, detail)]
        )


def _received_at(given: datetime | None, now: datetime) -> datetime:
    """Raises Invalid."""
    if given is not None and not now - LONGEST_DELAY <= given <= now:
        detail = f"not after now, at most {LONGEST_DELAY.days} days ago"
        code = "in-future" if given > now else "too-old"
        raise Invalid(detail, errors=[FieldError("/received_at", code, detail)])
    return given or now


async def create_case(work: Work, data: CaseCreate) -> Held:
    """Open a case; its clocks run from its receipt.

    Raises UnknownReference, AccountArchived, OwnerLeft, SecondOwnerNotImpartial, Invalid.
    """
    await organisation.hold_calendar(work)
    now = clock.now()
    received_at = _received_at(data.received_at, now)
    account_id = data.account_id or (await _order_account(work, data.order_id) if data.order_id else None)
    account = await _account(work, account_id) if account_id else None
    if data.owner_id is not None:
        await accounts.check_owner(work, data.owner_id)
    owner_id = data.owner_id
    if owner_id is None:
        of = account.owner_id if account else None
        owner_id = (await organisation.default_owners(work, [of])).default(of)
    grade = account.grade if account else None
    sla_version, new = await slas.sla_on(work, received_at), fresh()
    case: Case = Case.model_validate(
        data.model_dump()
        | new
        | {
            "number": "",
            "state": CaseState.RECEIVED,
            "account_id": account_id,
            "owner_id": owner_id,
            "stream_key": account.stream_key if account else new["id"],
            "received_at": received_at,
            "opened_on": business_date(work.settings.timezone, received_at),
            "grade": grade,
            "sla_version": sla_version,
        }
    )
    await check_references(work, case, list(Case.model_fields))
    await check_second(work, case)
    minutes = await slas.sla_minutes(work, sla_version, case.severity, grade)
    calendar = await organisation.company_calendar(work)
    clocks = Clocks(calendar, slas.new_clocks(calendar, case.id, minutes, 1, received_at))
    year = case.opened_on.year
    number = f"CS-{year}-{await repository.next_number(work.tx, year):06d}"
    numbered = case.model_copy(update={"number": number, "due_at": clocks.wakes_at()})
    held = Held(await add(work, saying(work, CaseOpened), numbered), clocks, now)
    await slas.save(work, [clocks])
    return held


async def get_case(work: Work, case_id: UUID, *, version: Versions | None = None, lock: bool = False) -> Case:
    """A case of the caller's scope, by its own owners or its account's; raises NotFound, VersionMismatch."""
    case = await repository.find_case(work.tx, work.visible, case_id, lock=lock)
    if case is None:
        raise NotFound(what=NOUN)
    if version is not None:
        version.check(case.version)
    return case


async def accounts_of(work: Work, ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The account of each of these cases that the caller may see."""
    return {one.id: one.account_id for one in await repository.load_cases(work.tx, work.visible, ids)}


async def read_case(work: Work, case_id: UUID) -> Held:
    """A case as it is seen now; raises NotFound."""
    case = await get_case(work, case_id)
    return Held(case, (await slas.clocks_of(work, [case.id]))[case.id], clock.now())


async def hold(work: Work, case_id: UUID, version: Versions | None = None) -> Held:
    """A case, locked, after all that time has brought about; raises NotFound, VersionMismatch."""
    await organisation.hold_calendar(work)
    case = await get_case(work, case_id, version=version, lock=True)
    clocks = await slas.clocks_of(work, [case.id])
    (held,) = await pass_time(work, [Held(case, clocks[case.id], clock.now())])
    return held


def shown(held: Held) -> ShownCase:
    """What the API shows."""
    return with_clocks(held.case, (_shown(held.clocks, row, held.now) for row in held.clocks.rows))


def _shown(clocks: Clocks, row: CaseClock, now: datetime) -> ShownClock:
    time, due_at = row.time, row.due_at
    zone = clocks.calendar.zone
    return ShownClock(
        clock=row.clock,
        attempt=row.attempt,
        state=state_of(time),
        minutes=row.minutes,
        worked_minutes=time.worked // timedelta(minutes=1),
        started_at=row.started_at,
        due_at=due_at,
        is_provisional=due_at is not None and clocks.calendar.is_provisional(due_at.astimezone(zone).year),
        stopped_at=row.stopped_at,
        breached_at=row.breached_at,
        detected_at=row.detected_at,
        late_minutes=late_minutes(clocks.calendar, time, now),
    )


async def keep(work: Work, held: Sequence[Held]) -> None:
    """Write the clocks of locked cases, and when they are due next."""
    await slas.save(work, [one.clocks for one in held])
    await repository.put_wakes(work.tx, [Wake(one.case.id, one.clocks.wakes_at()) for one in held])


async def pass_time(work: Work, held: Sequence[Held]) -> list[Held]:
    """What the clocks of locked cases have brought about by now, in the order of its moments: breaches are announced,
    cases escalated. The clocks are not written yet."""
    current = {one.case.id: one for one in held}
    turns = list(held)
    while due := [(one, row) for one in turns if (row := one.clocks.earliest(one.now)) is not None]:
        leads = await organisation.leads_of(work, {one.case.owner_id for one, _ in due if one.case.owner_id})
        changes: list[Change[Case]] = []
        breached: dict[UUID, CaseClock] = {}
        turns = []
        for one, row in due:
            step = next_step(row.time)
            assert step is not None, "it is due"
            clocks = one.clocks.each([row], partial(taken, step=step, now=one.now))
            is_breach = step.kind is StepKind.BREACH
            if is_breach:
                breached[one.case.id] = next(each for each in clocks.rows if each.id == row.id)
            level = max(one.case.escalation_level, 1 if is_breach else HIGHEST_LEVEL)
            values = escalated(one.case, level, leads) | {"breaches": one.case.breaches + is_breach}
            changes.append(changed_row(one.case, values))
            turns.append(Held(changes[-1].after, clocks, one.now))
        written = [one for one in changes if one.changed]
        await repository.save_cases(work.tx, [one.after for one in written])
        await record(work, saying_breaches(work, breached), written, action="pass-time")
        current |= {one.case.id: one for one in turns}
    return list(current.values())


def escalated(case: Case, level: int, leads: dict[UUID, list[UUID]]) -> dict[str, object]:
    """Fields of a case on a level of escalation: to the owner's nearest lead, then to the next one above."""
    if level == case.escalation_level:
        return {}
    above = leads.get(case.owner_id, []) if case.owner_id else []
    return {
        "escalation_level": level,
        "escalated_to": above[min(level, len(above)) - 1] if above else case.escalated_to,
    }


async def with_severity(work: Work, held: Held, severity: Severity) -> tuple[Clocks, dict[str, object]]:
    """The clocks under another severity, and what else changes with it: a worse one voids an approval."""
    if severity is held.case.severity:
        return held.clocks, {}
    minutes = await slas.sla_minutes(work, held.case.sla_version, severity, held.case.grade)
    clocks = held.clocks
    for kind, count in minutes.items():
        clocks = clocks.each(clocks.open(kind), partial(resized, held.clocks.calendar, minutes=count, now=held.now))
    return clocks, {"severity": severity, **(VOID if is_worse(severity, held.case.severity) else {})}


def _handed_over(before: Case, to: UUID) -> Change[Case]:
    return changed_row(before, {"owner_id": to, **(VOID if before.state in UNANSWERED else {})})


async def hand_over(work: Work, account_ids: Collection[UUID], to: UUID, limit: int) -> int:
    """Give cases of accounts, at most so many, to an owner, but those whose second owner that is; what was approved of
    one that is not answered is so no more. How many they are; nobody's scope is asked."""
    found = await repository.lock_not_of(work.tx, account_ids, to, limit)
    changes = [_handed_over(one, to) for one in found]
    await repository.save_cases(work.tx, [one.after for one in changes])
    await record(work, CASES, changes, action="transfer")
    return len(changes)


async def update_case(work: Work, case_id: UUID, version: Versions, data: CaseUpdate) -> Held:
    """Change the fields given; what is closed takes none, what is answered no other answer.

    Raises NotFound, VersionMismatch, StateConflict, UnknownReference, OwnerLeft, SecondOwnerNotImpartial.
    """
    held = await hold(work, case_id, version)
    given = data.given()
    if "response" in given:
        given["response_sha256"] = None if data.response is None else digest(data.response)
    one = changed_row(held.case, given)
    if not one.changed:
        await keep(work, [held])
        return held
    check_state("change", held.case.state, OPEN)
    if "kind" in one.changed:
        check_state("change", held.case.state, RECLASSIFIED)
    if "response" in one.changed:
        check_state("change", held.case.state, UNANSWERED)
    await check_references(work, one.after, one.changed)
    if {"second_owner_id", "order_id"} & set(one.changed):
        await check_second(work, one.after, is_chosen="second_owner_id" in one.changed)
    clocks, more = await with_severity(work, held, one.after.severity)
    if {"response", "second_owner_id"} & set(one.changed):
        more |= VOID
    after = Held(await change(work, CASES, held.case, given | more), clocks, held.now)
    await keep(work, [after])
    return after
