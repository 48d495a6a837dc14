"""Use cases of contracts: draft, review under the checklist, approve by somebody else, sign, give notice, end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid, NotFound, Taken, UnknownReference
from kit.events.contract import Published
from kit.ids import new_id
from kit.money import MAX_AMOUNT, convert
from kit.records import Change, Resource, change, changed_row, fresh, record
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.risk.contracts import repository
from services.risk.contracts.enums import ContractState, Renewal
from services.risk.contracts.laws import WINDOW_DAYS, ContractFigures, failed_optional, points_of, three_decimals
from services.risk.contracts.models import KEPT, Clause, Contract, ContractVersion, Document
from services.risk.contracts.rules import (
    DAY,
    MOVES,
    RenewalIncomplete,
    check_gate,
    next_step,
    notice_by,
    warnings_before,
)
from services.risk.contracts.schemas import (
    ClauseAnswer,
    ContractCreate,
    ContractNotice,
    ContractPointsRead,
    ContractReview,
    ContractScoreRead,
    ContractSign,
    ContractTerminate,
    ContractUpdate,
)
from services.risk.directory import service as directory
from services.risk.events_out.contracts import ContractAmended, ContractSigned, ContractSnapshot, ContractTerminated
from services.risk.obligations import service as obligations
from services.risk.obligations.enums import BookStage
from services.risk.obligations.models import ObligationBook
from services.risk.policies import bodies as policy_bodies
from services.risk.policies import service as policies
from services.risk.policies.enums import CreditGrade, RiskPolicyKind
from services.risk.policies.rules import DateOrder, FutureDate, check_approver

NOUN = "contract"
CONTRACTS = Resource(NOUN, Contract, lambda _one: None, audited=tuple(ContractCreate.model_fields))


class CurrencyNotSupported(Invalid):
    code, title = "currency-not-supported", "No exchange rate of this currency is known on this day"


class DocumentMissing(Invalid):
    code, title = "document-missing", "A contract is reviewed with its document"


class NoticeTooLate(Invalid):
    code, title = "notice-too-late", "The last day of notice is over"


def saying(work: Work, kind: type[Published], day: date, **more: Any) -> Resource[Contract]:
    """The resource whose changes are announced as `kind`, a fact of that business day."""

    def said(one: Change[Contract]) -> Published:
        changed = sorted(name for name in one.changed if name in ContractSnapshot.model_fields)
        base = {"value_base": one.after.in_base, "base_currency": work.base_currency}
        return kind.of(one.after, changed=changed, business_date=day, **base, **more)

    return replace(CONTRACTS, said=said)


async def take(
    work: Work, resource: Resource[Contract], before: Contract, changes: Mapping[str, Any], *, action: str
) -> Contract:
    """A change that moves the dates of a contract: with it goes when a date brings about the next step."""
    step = next_step(changed_row(before, changes).after.timing)
    due_at = None if step is None else clock.start_of_day(work.settings.timezone, step.day)
    return await change(work, resource, before, dict(changes, due_at=due_at), action=action)


def check_past(work: Work, day: date, pointer: str) -> None:
    """Raises FutureDate."""
    if day > work.today:
        raise FutureDate(errors=[FieldError(pointer, FutureDate.code, f"today is {work.today}")])


async def draft_contract(work: Work, data: ContractCreate) -> Contract:
    """A draft; raises OneParty, NotHeardYet, CurrencyNotSupported, DateOrder, RenewalIncomplete, Taken."""
    party = await directory.require_party(work, data.account_id, data.partner_id)
    contract = Contract.model_validate(
        {
            **fresh(),
            **data.model_dump(),
            "state": ContractState.DRAFT,
            "stream_key": party.stream_key,
            "owner_id": party.owner_id,
            "authors": (work.actor.subject,),
            "clauses": (),
        }
    )
    check_terms(contract, contract.starts_on)
    contract = contract.model_copy(update=await valued(work, contract, work.today, "/currency"))
    if not await repository.add_contract(work.tx, contract):
        raise Taken(NOUN, "number", await repository.id_of_number(work.tx, work.visible, contract.number))
    await record(work, CONTRACTS, [Change(None, contract)], action="draft")
    book = ObligationBook(
        id=contract.id,
        stream_key=contract.stream_key,
        account_id=contract.account_id,
        partner_id=contract.partner_id,
        stage=BookStage.OPEN,
    )
    await obligations.open_book(work, book)
    return contract


async def valued(work: Work, contract: Contract, day: date, pointer: str) -> dict[str, Any]:
    """What the value of a contract is in base currency, at the rate of a day.

    Raises CurrencyNotSupported where there is none, Invalid where it is more than amounts can be.
    """
    rate = await directory.rate_on(work, contract.currency, day)
    if rate is None:
        detail = f"no rate of {contract.currency} on {day}"
        raise CurrencyNotSupported(detail, errors=[FieldError(pointer, CurrencyNotSupported.code, detail)])
    value_base = convert(contract.value, contract.currency, rate, work.base_currency)
    if value_base > MAX_AMOUNT:
        detail = f"more than {MAX_AMOUNT} in {work.base_currency}"
        raise Invalid(detail, errors=[FieldError("/value", "invalid", detail)])
    return {"exchange_rate": rate, "value_base": value_base}


def check_terms(contract: Contract, first: date) -> None:
    """Terms that hold from `first` on end no earlier; raises DateOrder, RenewalIncomplete."""
    if contract.ends_on is not None and contract.ends_on < first:
        raise DateOrder(errors=[FieldError("/ends_on", DateOrder.code, f"lies before {first}")])
    if contract.renewal is Renewal.AUTOMATIC and None in (contract.ends_on, contract.renew_months):
        raise RenewalIncomplete(errors=[FieldError("/renewal", RenewalIncomplete.code, RenewalIncomplete.title)])


async def require_contract(
    work: Work, contract_id: UUID, *, version: Versions | None = None, lock: bool = False, noun: str = NOUN
) -> Contract:
    """A contract by id, locked on request; `noun` is what was asked for by it.

    Raises NotFound (also outside the caller's scope), VersionMismatch.
    """
    contract = await repository.find_contract(work.tx, work.visible, contract_id, lock=lock)
    if contract is None:
        raise NotFound(what=noun)
    if version is not None:
        version.check(contract.version)
    return contract


async def change_draft(work: Work, contract_id: UUID, version: Versions, data: ContractUpdate) -> Contract:
    """Change a draft: who does is one of its authors from then on. Raises StateConflict and what a draft raises."""
    before = await require_contract(work, contract_id, version=version, lock=True)
    next_state(NOUN, MOVES, "change", before.state)
    one = changed_row(before, data.given())
    if not one.changed:
        return before
    check_terms(one.after, one.after.starts_on)
    changes = {name: getattr(one.after, name) for name in one.changed}
    changes |= await valued(work, one.after, work.today, "/currency")
    if work.actor.subject not in before.authors:
        changes["authors"] = (*before.authors, work.actor.subject)
    return await change(work, CONTRACTS, before, changes)


async def submit_contract(work: Work, contract_id: UUID) -> Contract:
    """Hand a draft to review, with the checklist of today; answers to the same document stay.

    Raises NotFound, StateConflict, DocumentMissing.
    """
    before = await require_contract(work, contract_id, lock=True)
    state = next_state(NOUN, MOVES, "submit", before.state)
    if before.document is None:
        raise DocumentMissing(errors=[FieldError("/document", DocumentMissing.code, DocumentMissing.title)])
    policy = await policies.policy_on(work, RiskPolicyKind.CLAUSES, work.today)
    assert isinstance(policy.body, policy_bodies.ClausesBody)
    is_same = before.clauses_sha256 == before.document.sha256
    known = {clause.code: clause for clause in before.clauses} if is_same else {}
    listed: Sequence[policy_bodies.Clause] = getattr(policy.body, before.type)
    clauses = tuple(_listed(one, known.get(one.code)) for one in listed)
    changes = {"state": state, "clauses": clauses, "clauses_sha256": before.document.sha256}
    await obligations.fix(work, contract_id, is_open=False)
    return await change(work, CONTRACTS, before, changes, action="submit")


async def review_clauses(work: Work, contract_id: UUID, data: ContractReview) -> Contract:
    """Answer clauses; raises NotFound, StateConflict, UnknownReference for one that is not on the checklist."""
    before = await require_contract(work, contract_id, lock=True)
    next_state(NOUN, MOVES, "review", before.state)
    given = {answer.code: answer for answer in data.answers}
    known = {clause.code for clause in before.clauses}
    for number, answer in enumerate(data.answers):
        if answer.code not in known:
            raise UnknownReference(
                errors=[FieldError(f"/answers/{number}/code", "unknown-reference", "not on the checklist")]
            )
    clauses = tuple(_answered(work, clause, given) for clause in before.clauses)
    return await change(work, CONTRACTS, before, {"clauses": clauses}, action="review")


def _listed(line: policy_bodies.Clause, known: Clause | None) -> Clause:
    """A line of the checklist, with the answer that is known."""
    clause: Clause = Clause(code=line.code, title=line.title, is_mandatory=line.is_mandatory)
    if known is None:
        return clause
    kept = {"result": known.result, "evidence": known.evidence, "answered_by": known.answered_by}
    return clause.model_copy(update=kept)


def _open(clause: Clause) -> Clause:
    return clause.model_copy(update={"result": None})


def _answered(work: Work, clause: Clause, given: Mapping[str, ClauseAnswer]) -> Clause:
    answer = given.get(clause.code)
    if answer is None or (answer.result, answer.evidence) == (clause.result, clause.evidence):
        return clause
    said = {"result": answer.result, "evidence": answer.evidence, "answered_by": work.actor.subject}
    return clause.model_copy(update=said)


async def reject_contract(work: Work, contract_id: UUID, reason: str) -> Contract:
    """Send a contract that is reviewed back to its draft: an approval stands. Raises NotFound, StateConflict."""
    before = await require_contract(work, contract_id, lock=True)
    state = next_state(NOUN, MOVES, "reject", before.state)
    await obligations.fix(work, contract_id, is_open=True)
    return await change(work, CONTRACTS, before, {"state": state}, action="reject", reason=reason)


async def approve_contract(work: Work, contract_id: UUID) -> Contract:
    """Approve a contract of others; raises NotFound, StateConflict, SamePerson, ClauseGate."""
    before = await require_contract(work, contract_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    check_approver(work.actor.subject, before.authors)
    check_gate(before.clauses)
    changes = {"state": state, "approved_by": work.actor.subject, "approved_at": clock.now()}
    return await change(work, CONTRACTS, before, changes, action="approve")


async def sign_contract(work: Work, contract_id: UUID, data: ContractSign) -> Contract:
    """Note that a contract was signed. Another document than the one that was reviewed has no answers.

    Raises NotFound, StateConflict, FutureDate, ClauseGate, CurrencyNotSupported.
    """
    before = await require_contract(work, contract_id, lock=True)
    state = next_state(NOUN, MOVES, "sign", before.state)
    check_past(work, data.signed_on, "/signed_on")
    document = Document.model_validate(data.document.model_dump())
    is_same = document.sha256 == before.clauses_sha256
    check_gate([one if is_same else _open(one) for one in before.clauses])
    changes = {
        "state": state,
        "document": document,
        "signed_on": data.signed_on,
        "terms_from": before.starts_on,
        "ends_anchor": before.ends_on,
        **await valued(work, before, data.signed_on, "/signed_on"),
    }
    resource = saying(work, ContractSigned, work.today, signed_on=data.signed_on)
    signed = await take(work, resource, before, changes, action="sign")
    await keep_version(work, signed, new_id())
    await obligations.begin(work, contract_id)
    return signed


async def keep_version(work: Work, contract: Contract, version_id: UUID) -> None:
    """Keep the terms that a contract has from its `terms_from` on."""
    assert contract.terms_from is not None, "it is signed"
    version = ContractVersion.model_validate(
        {
            **{name: getattr(contract, name) for name in KEPT},
            "id": version_id,
            "contract_id": contract.id,
            "ordinal": await repository.count_versions(work.tx, contract.id) + 1,
            "effective_from": contract.terms_from,
            "recorded_at": clock.now(),
        }
    )
    await repository.add_version(work.tx, version)


async def amend(
    work: Work, before: Contract, version_id: UUID, terms: Mapping[str, Any], resource: Resource[Contract]
) -> Contract:
    """Let other terms (`terms_from` among them) follow those that stand; a notice was one of the old end.

    Raises DateOrder, RenewalIncomplete.
    """
    changed = changed_row(before, terms).after
    assert changed.terms_from is not None, "an amendment says when it begins"
    check_terms(changed, max(changed.starts_on, changed.terms_from))
    more: dict[str, Any] = {}
    if (changed.ends_on, changed.notice_days) != (before.ends_on, before.notice_days):
        warned = warnings_before(changed.ends_on, changed.notice_days, work.today)
        more = {"ends_anchor": changed.ends_on, "renewals": 0, "notice_given_on": None, "warned": warned}
    after = await take(work, resource, before, {**more, **terms}, action="amend")
    await keep_version(work, after, version_id)
    return after


async def give_notice(work: Work, contract_id: UUID, data: ContractNotice) -> Contract:
    """Note that notice was given: the contract ends with its term. A renewal that was made although notice had been
    given in time is taken back, unless the new term has begun.

    Raises NotFound, StateConflict, FutureDate, NoticeTooLate for a day after the last day of notice.
    """
    before = await require_contract(work, contract_id, lock=True)
    next_state(NOUN, MOVES, "terminate", before.state)
    check_past(work, data.given_on, "/given_on")
    begins = before.terms_from
    is_ahead = before.renewals and begins is not None and work.today < begins
    if is_ahead and begins is not None and data.given_on <= notice_by(begins - DAY, before.notice_days):
        return await _take_back(work, before, begins - DAY, data.given_on)
    if before.ends_on is None or data.given_on > notice_by(before.ends_on, before.notice_days):
        raise NoticeTooLate(errors=[FieldError("/given_on", NoticeTooLate.code, f"the term ends on {before.ends_on}")])
    return await take(work, CONTRACTS, before, {"notice_given_on": data.given_on}, action="give_notice")


async def _take_back(work: Work, before: Contract, ends_on: date, given_on: date) -> Contract:
    terms = {
        "ends_on": ends_on,
        "terms_from": work.today,
        "renewals": before.renewals - 1,
        "ends_anchor": before.ends_anchor,
        "notice_given_on": given_on,
    }
    version_id = new_id()
    resource = saying(work, ContractAmended, work.today, amendment_id=version_id, effective_on=work.today)
    return await amend(work, before, version_id, terms, resource)


async def terminate_contract(work: Work, contract_id: UUID, data: ContractTerminate) -> Contract:
    """End a contract before its time, after a day of its term; raises NotFound, StateConflict, DateOrder."""
    before = await require_contract(work, contract_id, lock=True)
    state = next_state(NOUN, MOVES, "terminate", before.state)
    last = before.ends_on or date.max
    if not before.starts_on - DAY <= data.on <= last:
        detail = f"not within {before.starts_on} and {before.ends_on}"
        raise DateOrder(errors=[FieldError("/on", DateOrder.code, detail)])
    changes = {"state": state, "terminated_on": data.on, "termination_reason": data.reason}
    resource = saying(work, ContractTerminated, work.today, terminated_on=data.on, reason=data.reason)
    await obligations.stop(work, contract_id, data.on)
    return await take(work, resource, before, changes, action="terminate")


async def read_score(work: Work, contract_id: UUID) -> ContractScoreRead:
    """How risky a contract is today, and by what; raises NotFound."""
    contract = await require_contract(work, contract_id)
    standing = await repository.standing(work.tx, contract_id, work.today, WINDOW_DAYS)
    grade, failed = CreditGrade(standing.grade), failed_optional(contract.clauses)
    figures = ContractFigures(
        grade, failed, standing.obligations, standing.late, contract.in_base, standing.disputed, standing.in_force
    )
    points = points_of(figures)
    return ContractScoreRead(
        contract_id=contract.id,
        as_of=work.today,
        score=points.score,
        points=ContractPointsRead(**{name: three_decimals(each) for name, each in points._asdict().items()}),
        **figures._asdict(),
    )


async def known_contracts(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these contracts there are."""
    return await repository.known_contracts(work.tx, ids) if ids else set()
