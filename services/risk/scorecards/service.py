"""Use cases of scorecards: accounts and partners are scored, all of them or one, and their profiles graded by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from kit import clock
from kit.ids import new_id
from kit.jobs.jobs import enqueue
from kit.records import Change, audit_added, changed_row, fresh
from kit.work import Work
from services.risk.holds import judging
from services.risk.policies import service as policies
from services.risk.policies.bodies import HoldsBody, ScorecardBody, TermsBody
from services.risk.policies.enums import CreditGrade, RiskPolicyKind
from services.risk.policies.models import RiskPolicy
from services.risk.profiles import service as profiles
from services.risk.profiles.enums import SubjectKind
from services.risk.profiles.models import CreditProfile
from services.risk.profiles.service import regraded
from services.risk.scorecards import repository
from services.risk.scorecards.enums import ScoringCause
from services.risk.scorecards.laws import (
    Amounts,
    Behaviour,
    Scored,
    check_not_future,
    dropped_from,
    full_months,
    limit_after,
    months_back,
    months_before,
    next_grade,
    recommended,
    score,
)
from services.risk.scorecards.models import CreditScore, FactorPoints, ScoreFigures, ScoringRun
from services.risk.scorecards.repository import Window

NOUN, RUN_NOUN = "credit-score", "scoring-run"
RUN = "scoring-runs.run"
"""Kind of the job that scores all accounts and partners."""
SCALE = 10**6
KINDS = (RiskPolicyKind.SCORECARD, RiskPolicyKind.TERMS, RiskPolicyKind.HOLDS)
"""Policies that accounts are scored and graded under."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies of a day, and how figures are taken under them."""

    as_of: date
    card: ScorecardBody
    card_version: int
    terms: TermsBody
    terms_version: int
    drop: int
    overdue_days: int
    open_from: int
    window: Window


async def rules_on(work: Work, as_of: date) -> Rules:
    """The policies that hold on a day."""
    return await rules_of(work, as_of, *[await policies.policy_on(work, kind, as_of) for kind in KINDS])


async def rules_of(work: Work, as_of: date, card: RiskPolicy, terms: RiskPolicy, held: RiskPolicy) -> Rules:
    """Policies, whether they hold or not, as of a day."""
    holds = held.body
    assert isinstance(card.body, ScorecardBody), "a policy has the body of its kind"
    assert isinstance(terms.body, TermsBody), "a policy has the body of its kind"
    assert isinstance(holds, HoldsBody), "a policy has the body of its kind"
    factors = card.body.factors
    first, last = months_back(as_of, terms.body.limit_months)
    window = Window(
        window_days=card.body.window_days,
        paid_below=card.body.paid_below,
        late_after_days=card.body.late_after_days,
        default_after_days=card.body.default_after_days,
        defaults_since=months_before(as_of, 12 * card.body.default_years),
        utilisation_days=card.body.utilisation_days,
        items_from=holds.items_from or await repository.installed_on(work.tx, work.settings.timezone),
        months_from=first,
        months_to=last,
        statements_since=months_before(as_of, factors.financials.max_age_months),
        reports_since=as_of - timedelta(factors.external.max_age_days),
    )
    return Rules(
        as_of=as_of,
        card=card.body,
        card_version=card.policy_version,
        terms=terms.body,
        terms_version=terms.policy_version,
        drop=holds.grade_drop,
        overdue_days=holds.overdue_days,
        open_from=holds.open_from,
        window=window,
    )


def behaviour_of(it: ScoreFigures, rules: Rules) -> Behaviour:
    """What figures come to."""
    statement = None
    if it.statement_id is not None:
        statement = (
            _amounts(it.current_assets, it.current_liabilities),
            _amounts(it.equity, it.total_assets),
            _amounts(it.net_profit, it.revenue),
        )
    used = None
    if it.days_used is not None and it.credit_limit and rules.window.utilisation_days:
        used = _amounts(it.days_used, it.credit_limit * rules.window.utilisation_days)
    return Behaviour(
        items=it.items_due,
        ever_due=it.is_ever_due,
        lateness=_amounts(it.lateness, it.lateness_of),
        late=_amounts(it.late, it.late_of),
        defaults=it.defaults,
        uncured=it.uncured_defaults > 0,
        used=used,
        months=_months(it, rules),
        statement=statement,
        disputed=_amounts(it.disputed, it.open),
        external=it.external,
        is_insolvent=it.is_insolvent,
    )


def _amounts(part: Decimal | int | None, whole: Decimal | int | None) -> Amounts:
    """Amounts as integers: figures have 6 decimals at most."""
    return Amounts(int((part or 0) * SCALE), int((whole or 0) * SCALE))


def _months(it: ScoreFigures, rules: Rules) -> int | None:
    return None if it.first_order_on is None else full_months(it.first_order_on, rules.as_of)


@dataclass(frozen=True, slots=True)
class Result:
    """What an account or a partner was scored with, and what it came to."""

    figures: ScoreFigures
    scored: Scored


async def measure(
    work: Work, rules: Rules, ids: Sequence[UUID], kind: SubjectKind = SubjectKind.ACCOUNT
) -> dict[UUID, Result]:
    """Scores of accounts or partners by the figures of a day; nothing is locked or written."""
    return _scored(await repository.figures(work.tx, rules.as_of, ids, rules.window, kind), rules)


def _scored(found: Sequence[ScoreFigures], rules: Rules) -> dict[UUID, Result]:
    results = {}
    for figures in found:
        scored = score(behaviour_of(figures, rules), rules.card, rules.terms)
        results[figures.account_id] = Result(figures, scored)
    return results


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a night would leave of an account or a partner."""

    score: int | None
    profile: CreditProfile
    credit_limit: int | None
    recommended_limit: int | None


async def foresee(
    work: Work, both: tuple[Rules, Rules], ids: Sequence[UUID], kind: SubjectKind
) -> dict[UUID, tuple[Outcome, Outcome]]:
    """What a night would leave of partners, or of accounts that lead to no other, under the one rules and under the
    others, from the same profiles; nothing is locked or written."""
    one, other = both
    figures = await repository.figures(work.tx, one.as_of, ids, one.window, kind)
    changed = figures if one.window == other.window else None
    if changed is None:
        changed = await repository.figures(work.tx, other.as_of, ids, other.window, kind)
    known = await profiles.find_profiles(work, ids)
    sides = []
    for rules, found in ((one, figures), (other, changed)):
        nights = await _nights(work, rules, kind, ids)
        results = _scored(found, rules)
        sides.append(
            {key: _outcome(known[key], results[key], nights.get(key), rules) for key in results.keys() & known}
        )
    return {key: (sides[0][key], sides[1][key]) for key in sorted(sides[0].keys() & sides[1].keys())}


def _outcome(before: CreditProfile, result: Result, nights: Sequence[CreditGrade] | None, rules: Rules) -> Outcome:
    counted = () if nights is None else (*nights, result.scored.grade)
    after: CreditProfile = _regraded(before, result.scored, counted, rules).after
    advised = _limit(result, after.grade, rules)
    return Outcome(result.scored.score, after, _limit_after(after, advised, rules), advised)


def _limit_after(after: CreditProfile, advised: int | None, rules: Rules) -> int | None:
    """The limit that a run leaves: one that a person has raised comes back first, and a partner that is not bound stays
    so."""
    if after.credit_limit is None or after.raised_until is not None:
        return after.credit_limit
    return limit_after(after.credit_limit, advised, rules.terms.limit_mode)


async def count_subjects(work: Work) -> int:
    """How many accounts and partners are scored."""
    return await repository.count_subjects(work.tx, *SubjectKind)


async def next_subjects(work: Work, kind: SubjectKind, after: UUID | None, most: int) -> list[UUID]:
    """Accounts, or partners, that are scored, by id, after one of them."""
    return await repository.next_subjects(work.tx, kind, after, most)


def _limit(result: Result, grade: CreditGrade, rules: Rules) -> int | None:
    return recommended(grade, int(result.figures.gross_of_months), _months(result.figures, rules), rules.terms)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Why subjects of a kind are scored, in which run, and whether their profiles are graded by it."""

    cause: ScoringCause
    run_id: UUID | None
    applies: bool
    kind: SubjectKind = SubjectKind.ACCOUNT


async def score_subjects(work: Work, rules: Rules, ids: Sequence[UUID], how: Scoring) -> list[CreditScore]:
    """Score partners, or accounts that lead to no other, keep the scores, and grade their profiles where that applies;
    a profile that was scored on a later day stays as it is. Holds follow at once."""
    results = await measure(work, rules, ids, how.kind)
    if how.applies:
        await judging.lock(work, list(results), how.kind)
    known = await profiles.lock(work, list(results))
    is_night = how.applies and how.cause is ScoringCause.NIGHTLY
    nights = await _nights(work, rules, how.kind, list(results)) if is_night else {}
    graded: list[Change[CreditProfile]] = []
    rows: list[CreditScore] = []
    for subject_id, result in results.items():
        before = known[subject_id]
        one = Change(before, before)
        if how.applies and (before.scored_on is None or before.scored_on <= rules.as_of):
            counted = (*nights[subject_id], result.scored.grade) if subject_id in nights else ()
            one = _regraded(before, result.scored, counted, rules)
            graded.append(one)
        rows.append(_row(result, one, rules, how))
    await repository.add_scores(work.tx, rows)
    await _apply(work, rules, graded, rows, how.kind)
    return rows


async def _nights(
    work: Work, rules: Rules, kind: SubjectKind, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CreditGrade]]:
    """Grades of the nights that decide with this one whether a grade rises; those who have too few are missing."""
    most = rules.terms.rise_runs - 1
    found = await repository.nights(work.tx, kind, ids, rules.as_of, most) if most else {}
    return {each: found.get(each, []) for each in ids if len(found.get(each, ())) == most}


def _regraded(
    before: CreditProfile, scored: Scored, nights: Sequence[CreditGrade], rules: Rules
) -> Change[CreditProfile]:
    grade = next_grade(before.scored_grade, scored, nights, rules.terms)
    changes: dict[str, object] = {"scored_grade": grade, "score": scored.score, "scored_on": rules.as_of}
    if grade is CreditGrade.D and before.scored_grade is not CreditGrade.D:
        changes |= {"set_grade": None, "set_until": None, "due_at": None}
    after = (before.set_grade if "set_grade" not in changes else None) or grade
    changes["dropped_from"] = dropped_from(before.dropped_from, before.grade, after, rules.drop)
    return regraded(before, changes, rules.terms)


def _row(result: Result, one: Change[CreditProfile], rules: Rules, how: Scoring) -> CreditScore:
    assert one.before is not None, "a profile is there before it is graded"
    is_account = how.kind is SubjectKind.ACCOUNT
    return CreditScore(
        id=new_id(),
        run_id=how.run_id,
        account_id=one.after.id if is_account else None,
        partner_id=None if is_account else one.after.id,
        cause=how.cause,
        as_of=rules.as_of,
        scorecard_version=rules.card_version,
        terms_version=rules.terms_version,
        score=result.scored.score,
        points=result.scored.points,
        max_points=result.scored.max_points,
        scored_grade=result.scored.grade,
        insufficient_data=result.scored.lack,
        default_cause=result.scored.default,
        grade_before=one.before.grade,
        grade_after=one.after.grade,
        recommended_limit=_limit(result, one.after.grade, rules),
        factors=tuple(FactorPoints(**each._asdict()) for each in result.scored.factors),
        figures=result.figures,
        scored_at=clock.now(),
    )


async def _apply(
    work: Work, rules: Rules, graded: Sequence[Change[CreditProfile]], rows: Sequence[CreditScore], kind: SubjectKind
) -> None:
    """Write grades, then limits where the policy lets a run set them (but of those that a person has raised, which come
    back first), then holds."""
    version = rules.card_version
    await profiles.put_changes(work, graded, action="grade", scorecard_version=version)
    advised = {row.account_id or row.partner_id: row.recommended_limit for row in rows}
    limits = []
    for one in graded:
        after: CreditProfile = one.after
        limit = _limit_after(after, advised[after.id], rules)
        if limit != after.credit_limit:
            limits.append(changed_row(after, {"credit_limit": limit}))
    await profiles.put_changes(work, limits, action="recommended_limit", scorecard_version=version)
    moved = [one.after.id for one in graded if {"grade", "dropped_from"} & set(one.changed)]
    if moved:
        await judging.judge(work, moved, kind)


async def rescore(work: Work, profile_id: UUID) -> UUID:
    """Score one account, with all that lead to it, or one partner, and grade it; returns the id of the score.

    Raises NotFound, AccountMerged.
    """
    found = await profiles.require_profile(work, profile_id)
    rules = await rules_on(work, work.today)
    how = Scoring(ScoringCause.RESCORE, None, applies=True, kind=found.subject_kind)
    (row,) = await score_subjects(work, rules, [profile_id], how)
    named = {f"{found.subject_kind}_id": str(profile_id)}
    await audit_added(work, "credit_score", row.id, {**named, "score": row.score})
    return row.id


async def start_run(work: Work, as_of: date | None) -> UUID:
    """Score all accounts and partners as of the end of a day: a job with the id of the run, whose grades apply only
    where that is today. Raises FutureDate."""
    day = as_of or work.today
    check_not_future(day, work.today)
    run = _run(work, ScoringCause.ASKED, day, applies=day == work.today)
    await repository.add_run(work.tx, run)
    await audit_added(work, "scoring_run", run.id, {"as_of": day.isoformat()})
    await enqueue(work.tx, RUN, _params(run), work.actor.subject, job_id=run.id)
    return run.id


async def start_night(work: Work) -> None:
    """Score all accounts and partners today, once a night."""
    run = _run(work, ScoringCause.NIGHTLY, work.today, applies=True)
    if await repository.add_run(work.tx, run):
        await enqueue(work.tx, RUN, _params(run), work.actor.subject, job_id=run.id)


def _run(work: Work, cause: ScoringCause, as_of: date, *, applies: bool) -> ScoringRun:
    return ScoringRun(**fresh(), cause=cause, as_of=as_of, applies=applies, created_by=work.actor.subject)


def _params(run: ScoringRun) -> dict[str, object]:
    return {"cause": str(run.cause), "as_of": run.as_of.isoformat(), "applies": run.applies}
