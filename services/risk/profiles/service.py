"""Use cases of credit profiles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.rows import update_rows
from kit.errors import FieldError, NotHeardYet
from kit.records import Change, Resource, change, changed_row, fresh, record, require
from kit.versions import Versions
from kit.web.batch import Results, RowRepeated
from kit.work import Work
from services.risk.directory import service as directory
from services.risk.events_in import AccountHeard
from services.risk.events_out.profiles import CreditGradeChanged, CreditLimitChanged
from services.risk.policies import service as policies
from services.risk.policies.bodies import TermsBody
from services.risk.policies.enums import RiskPolicyKind
from services.risk.profiles import repository
from services.risk.profiles.enums import HoldReason, SubjectKind
from services.risk.profiles.lists import AS_OF, OWNER
from services.risk.profiles.models import CreditProfile, Holds, Terms
from services.risk.profiles.schemas import CreditProfileRow, CreditProfileUpdate
from services.risk.redirects import service as redirects
from services.risk.redirects.service import AccountMerged
from services.risk.settings import settings_of

NOUN = "credit-profile"
GRADED = ("grade", "terms_days", "deposit_share")
"""What is told as a change of the grade, and the terms that go with it."""
AUDITED = (
    "credit_limit", "limit_before", "raised_until", "securities", "review_on", *GRADED, "set_terms_days",
    "set_deposit_share", "set_grade", "set_until", "proposed_grade", "proposed_until", "proposed_by", "dropped_from",
)  # fmt: skip
UNRAISED: Mapping[str, None] = {"limit_before": None, "raised_until": None}
"""Columns of a raise that has ended."""
_SET = frozenset({"credit_limit", "securities", "review_on"})
"""Columns that a body sets as they are."""
_SAID = {"set_terms_days": "terms_days", "set_deposit_share": "deposit_share"}
"""Columns of what a body says."""


_TOLD = {**{name: name for name in (*GRADED, "credit_limit")}, "raised_until": "until"}
"""Columns whose changes facts name, and how."""


def _resource(
    work: Work, owners: Mapping[UUID, UUID | None], scorecard_version: int | None = None
) -> Resource[CreditProfile]:
    """Profiles, of which a change of grade and terms, or else of the limit, is told."""

    def said(one: Change[CreditProfile]) -> CreditGradeChanged | CreditLimitChanged | None:
        if one.before is None:
            return None
        shown = snapshot(work, one.after, owners.get(one.after.id))
        shown |= {
            "version": one.after.version,
            "changed": [said for name, said in _TOLD.items() if name in one.changed],
        }
        if set(GRADED) & set(one.changed):
            return CreditGradeChanged(
                **shown, previous_grade=one.before.grade.value, scorecard_version=scorecard_version
            )
        if {"credit_limit", "raised_until"} & set(one.changed):
            until = one.after.raised_until
            return CreditLimitChanged(**shown, previous_limit=one.before.credit_limit, until=until, reason=None)
        return None

    return Resource(NOUN, CreditProfile, said, audited=AUDITED)


def shown(work: Work) -> tuple[str, Sequence[object]]:
    """The condition and the parameters of the list of profiles, in the record scope."""
    return f"{AS_OF} AND {work.visible.sees(OWNER, 2)}", (work.today, *work.visible.args)


def snapshot(work: Work, profile: CreditProfile, owner_id: UUID | None) -> dict[str, Any]:
    """What every fact about a profile says of it, but for its version and what has changed."""
    is_account = profile.subject_kind is SubjectKind.ACCOUNT
    return {
        "id": profile.id,
        "subject_kind": str(profile.subject_kind),
        "account_id": profile.id if is_account else None,
        "partner_id": None if is_account else profile.id,
        "stream_key": profile.stream_key,
        "owner_id": owner_id,
        "grade": str(profile.grade),
        "score": profile.score,
        "terms_days": profile.terms_days,
        "deposit_share": profile.deposit_share,
        "credit_limit": profile.credit_limit,
        "currency": work.base_currency,
        "hold_reasons": [str(each) for each in profile.hold_reasons],
        "business_date": work.today,
    }


async def terms_policy(work: Work) -> TermsBody:
    """What grades mean today."""
    body = (await policies.policy_on(work, RiskPolicyKind.TERMS, work.today)).body
    assert isinstance(body, TermsBody), "a policy has the body of its kind"
    return body


def meant(profile: CreditProfile, terms: TermsBody, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Grade and terms of a profile with `changes`: what people have set goes before what the rules found."""
    then = {**profile.__dict__, **(changes or {})}
    grade = then["set_grade"] or then["scored_grade"]
    row = next(one for one in terms.grades if one.grade is grade)
    days, share = then["set_terms_days"], then["set_deposit_share"]
    return {
        "grade": grade,
        "terms_days": row.terms_days if days is None else days,
        "deposit_share": row.deposit_share if share is None else share,
        "pd": row.pd,
        "lgd": terms.lgd,
    }


def regraded(before: CreditProfile, changes: Mapping[str, Any], terms: TermsBody) -> Change[CreditProfile]:
    """The profile with `changes`, and with what they mean."""
    return changed_row(before, {**changes, **meant(before, terms, changes)})


def _unrated(row: CreditProfile, terms: TermsBody) -> CreditProfile:
    return row.model_copy(update=meant(row, terms))


async def create_profiles(work: Work, accounts: Sequence[AccountHeard]) -> None:
    """Give new accounts a profile with the policy's limit; one that has a profile keeps it."""
    limit, by_id = settings_of(work).default_credit_limit, {account.id: account for account in accounts}
    terms = await terms_policy(work)
    rows = [
        CreditProfile(**{**fresh(), "id": account_id}, stream_key=account.stream_key, credit_limit=limit)
        for account_id, account in sorted(by_id.items())
    ]
    rows = [_unrated(row, terms) for row in rows]
    await repository.add_profiles(work.tx, rows)


async def create_partner_profiles(work: Work, partner_ids: Collection[UUID]) -> None:
    """Give active partners a profile that binds nothing; one that has a profile keeps it."""
    ids, terms = sorted(partner_ids), await terms_policy(work)
    held = {one.id: one for one in await repository.partner_holds(work.tx, ids)}
    rows = []
    for partner_id in ids:
        stands = held.get(partner_id, Holds(partner_id, 1, ()))
        blank = CreditProfile(
            **{**fresh(), "id": partner_id, "version": stands.version},
            stream_key=partner_id,
            subject_kind=SubjectKind.PARTNER,
            is_on_hold=bool(stands.hold_reasons),
            hold_reasons=tuple(map(HoldReason, stands.hold_reasons)),
        )
        rows.append(_unrated(blank, terms))
    await repository.add_profiles(work.tx, rows)


async def owners_of(work: Work, kind: SubjectKind, ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of accounts or of partners; one that is unknown here is missing."""
    found = directory.owners_of if kind is SubjectKind.ACCOUNT else directory.partner_owners
    return await found(work, ids)


async def terms_of(work: Work, ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """Terms of accounts and partners (sorted; limits in minor units of the base currency); they cannot change until the
    work ends."""
    return await repository.terms_of(work.tx, ids, work.today)


async def lock(work: Work, account_ids: Collection[UUID]) -> dict[UUID, CreditProfile]:
    """Profiles by account id, which nobody else changes or decides by until the work ends."""
    return await repository.lock_profiles(work.tx, sorted(account_ids))


async def find_profiles(work: Work, account_ids: Collection[UUID]) -> dict[UUID, CreditProfile]:
    """Profiles by account id, as they are now."""
    return await repository.find_profiles(work.tx, sorted(account_ids))


async def set_holds(work: Work, holds: Sequence[Holds]) -> None:
    """Note which holds stand, in profiles that are locked."""
    if holds:
        await repository.set_holds(work.tx, holds, clock.now())


async def require_profile(
    work: Work, account_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> CreditProfile:
    """The profile of a partner, or of an account that leads to no other. Raises NotFound, VersionMismatch,
    AccountMerged."""
    found = await require(work, _resource(work, {}), account_id, version=version, lock=lock)
    await redirects.refuse_merged(work, account_id)
    return found


async def put_changes(
    work: Work,
    changes: Sequence[Change[CreditProfile]],
    *,
    action: str,
    reason: str = "",
    scorecard_version: int | None = None,
) -> None:
    """Write changes of locked profiles; those of more than the score alone are audited and, as they are, told."""
    changed = [one for one in changes if one.changed]
    await update_rows(work.tx, CreditProfile, [one.after for one in changed])
    audited = [
        one._replace(changed=tuple(name for name in one.changed if name in AUDITED))
        for one in changed
        if set(one.changed) & set(AUDITED)
    ]
    if audited:
        owners: dict[UUID, UUID | None] = {}
        for kind in SubjectKind:
            if of := [one.after.id for one in audited if one.after.subject_kind is kind]:
                owners |= await owners_of(work, kind, of)
        await record(work, _resource(work, owners, scorecard_version), audited, action=action, reason=reason)


async def make_good(work: Work, account_id: UUID) -> None:
    """Forget the drop of a grade that a person has looked at."""
    found = await repository.lock_profiles(work.tx, [account_id])
    profile: CreditProfile = found[account_id]
    await put_changes(work, [changed_row(profile, {"dropped_from": None})], action="make_good")


def _given(data: CreditProfileUpdate | CreditProfileRow) -> dict[str, Any]:
    """What a body says of terms, as columns."""
    given = data.given()
    return {column: given[name] for column, name in _SAID.items() if name in given}


async def change_limit(work: Work, account_id: UUID, version: Versions, data: CreditProfileUpdate) -> CreditProfile:
    """Set a limit (which ends a raise), terms (null: those of the grade) and securities; waits for decisions under way,
    and later ones see them. Raises NotFound, VersionMismatch, AccountMerged."""
    before = await require_profile(work, account_id, version=version)
    resource = _resource(work, await owners_of(work, before.subject_kind, [account_id]))
    if terms := _given(data):
        one = regraded(before, terms, await terms_policy(work))
        changes = {name: getattr(one.after, name) for name in one.changed}
        before = await change(work, resource, before, changes, action="change_limit", reason=data.reason)
    given = data.given()
    others: dict[str, Any] = {
        name: given[name] for name in ("credit_limit", "securities", "review_on") if name in given
    }
    if "credit_limit" in others:
        others |= UNRAISED
    return await change(work, resource, before, others, action="change_limit", reason=data.reason)


async def change_limits(work: Work, rows: Sequence[tuple[int, CreditProfileRow]], results: Results) -> None:
    """Set many limits; an account without a profile is an unknown reference of its row."""
    found = await repository.lock_profiles(work.tx, sorted({row.account_id for _index, row in rows}))
    groups = await redirects.groups_of(work, found)
    terms = await terms_policy(work)
    seen: set[UUID] = set()
    reasons: dict[UUID, str] = {}
    steps: tuple[list[Change[CreditProfile]], list[Change[CreditProfile]]] = ([], [])
    for index, row in rows:
        profile: CreditProfile | None = found.get(row.account_id)
        if profile is None or profile.subject_kind is not SubjectKind.ACCOUNT:
            unknown = FieldError("/account_id", "unknown-reference", "no account of this id yet")
            results.refuse(index, NotHeardYet(errors=[unknown]))
        elif groups.root(row.account_id) != row.account_id:
            results.refuse(index, AccountMerged(extra={"merged_into": str(groups.root(row.account_id))}))
        elif row.account_id in seen:
            results.refuse(index, RowRepeated(errors=[FieldError("/account_id", "repeated", "see an earlier row")]))
        else:
            given = _given(row)
            first = regraded(profile, given, terms) if given else Change(profile, profile)
            graded: CreditProfile = first.after
            second = changed_row(graded, {"credit_limit": row.credit_limit, **UNRAISED})
            results.done(index, "updated" if first.changed or second.changed else "unchanged", row.account_id)
            steps[0].append(first)
            steps[1].append(second)
            reasons[row.account_id] = row.reason
        seen.add(row.account_id)
    for changes in steps:
        for reason in sorted(set(reasons.values())):
            chosen = [one for one in changes if reasons[one.after.id] == reason]
            await put_changes(work, chosen, action="change_limit", reason=reason)
