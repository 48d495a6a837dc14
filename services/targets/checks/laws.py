"""Pure rules of the checks: what is known of a target, and what each check finds in it. Limits are inclusive on the
better side; shares, growths and probabilities are in millionths."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kit.errors import Conflict
from kit.money import SHARE_WHOLE, ratio
from services.targets.attainment.rules import growth
from services.targets.checks.enums import TargetCheckFix, TargetCheckKind, TargetCheckVerdict
from services.targets.checks.models import Evidence, Finding, Lack
from services.targets.policies.models import CheckLimits
from services.targets.targets.enums import Horizon

FORMULA_VERSION = 2
MONTHS = 12
MIN_GROWTHS = 13
RECENT_DAYS = 90
MIN_SIBLINGS = 3
"""A median of fewer says nothing of what is usual."""

_K = TargetCheckKind
_PASS, _THIN, _WARN, _FAIL = TargetCheckVerdict
_ORDER = tuple(TargetCheckVerdict)
_F = TargetCheckFix


class ChecksFailed(Conflict):
    code, title = "checks-failed", "A check of the target fails and nobody has overridden it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the checks look at. None: not known. `growths` are those of twelve months against the twelve before them,
    month by month; `shares` what the amount is of the part of each longer live target of the same scope. Of a margin,
    `coverage` is of how much the cost is known lately, `revenue` the least that is targeted of the same scope and
    period."""

    amount: int
    horizon: Horizon
    has_owner: bool
    is_leaf: bool
    is_assigned: bool
    lines_in_scope: int
    lines: int
    last_year: int | None
    growths: Sequence[int]
    p_hit: int | None
    p50: int | None
    is_over: bool
    elapsed: int
    has_time_plan: bool
    committed: Sequence[int]
    sibling_growths: Sequence[int]
    doubles: int
    shares: Sequence[int]
    capacity: int | None
    is_sum: bool = True
    coverage: int | None = None
    revenue: int | None = None
    limits: CheckLimits = field(default_factory=CheckLimits)


def worse(*verdicts: TargetCheckVerdict) -> TargetCheckVerdict:
    """The worst of what was found; what could not be said counts only where nothing was."""
    said = [each for each in verdicts if each is not _THIN]
    return max(said, key=_ORDER.index) if said else _THIN


def overall(findings: Collection[Finding]) -> TargetCheckVerdict:
    """The worst of all findings."""
    return max((each.verdict for each in findings), key=_ORDER.index)


def quantile(values: Sequence[int], percent: int) -> int:
    """The quantile of type 7, half-even."""
    ordered = sorted(values)
    place, rest = divmod((len(ordered) - 1) * percent, 100)
    low, high = ordered[place], ordered[min(place + 1, len(ordered) - 1)]
    return ratio(low * (100 - rest) + high * rest, 1, 100)


def rolling_growths(months: Sequence[int]) -> list[int]:
    """Of each month: the twelve months until then against the twelve before; left out where those brought nothing."""
    years = [sum(months[end - MONTHS : end]) for end in range(MONTHS, len(months) + 1)]
    found = [growth(now, before) for before, now in zip(years, years[MONTHS:], strict=False)]
    return [each for each in found if each is not None]


def _at_most(figure: int, passes: int, warns: int) -> TargetCheckVerdict:
    return _PASS if figure <= passes else _WARN if figure <= warns else _FAIL


def _at_least(figure: int, passes: int, warns: int) -> TargetCheckVerdict:
    return _PASS if figure >= passes else _WARN if figure >= warns else _FAIL


def _told(**figures: int | None) -> tuple[Evidence, ...]:
    return tuple(Evidence(name=name, value=value) for name, value in figures.items() if value is not None)


def specific(known: Known) -> Finding:
    """Somebody answers for a positive amount; what is split no further is somebody's."""
    evidence = _told(owner=int(known.has_owner), amount=known.amount, assigned=int(known.is_assigned))
    if known.is_sum and known.amount <= 0:
        return Finding(check=_K.SPECIFIC, verdict=_FAIL, evidence=evidence, fix=_F.SET_AMOUNT)
    if not known.has_owner:
        return Finding(check=_K.SPECIFIC, verdict=_FAIL, evidence=evidence, fix=_F.NAME_OWNER)
    if known.is_leaf and not known.is_assigned:
        return Finding(check=_K.SPECIFIC, verdict=_WARN, evidence=evidence, fix=_F.ASSIGN)
    return Finding(check=_K.SPECIFIC, verdict=_PASS, evidence=evidence)


def measurable(known: Known) -> Finding:
    """Something of the metric was credited lately, in the scope of the target, and a margin by known costs."""
    verdict = _PASS if known.lines_in_scope else _WARN if known.lines else _FAIL
    if known.coverage is not None:
        verdict = worse(verdict, _at_least(known.coverage, known.limits.coverage_pass, known.limits.coverage_warn))
    evidence = _told(lines_in_scope=known.lines_in_scope, lines=known.lines, days=RECENT_DAYS, coverage=known.coverage)
    return Finding(check=_K.MEASURABLE, verdict=verdict, evidence=evidence)


def achievable(known: Known) -> Finding:
    """Neither does it ask for more growth than there ever was, nor is it improbable."""
    asked = None if known.last_year is None else growth(known.amount, known.last_year)
    by_growth, p75, p95 = _THIN, None, None
    if asked is not None and len(known.growths) >= MIN_GROWTHS:
        p75 = quantile(known.growths, known.limits.growth_pass)
        p95 = quantile(known.growths, known.limits.growth_warn)
        by_growth = _at_most(asked, p75, p95)
    by_odds = _THIN if known.p_hit is None else _at_least(known.p_hit, known.limits.p_hit_pass, known.limits.p_hit_warn)
    verdict = worse(by_growth, by_odds)
    evidence = _told(
        growth=asked, p75=p75, p95=p95, growths=len(known.growths), p_hit=known.p_hit, last_year=known.last_year
    )
    if verdict is _THIN:
        lack = Lack(reason="history", have=len(known.growths), need=MIN_GROWTHS)
        return Finding(check=_K.ACHIEVABLE, verdict=_THIN, evidence=evidence, lack=lack)
    amount = None
    if by_growth in (_WARN, _FAIL) and p75 is not None and known.last_year is not None:
        amount = ratio(known.last_year, SHARE_WHOLE + p75, SHARE_WHOLE)
    fix = None if verdict is _PASS else _F.LOWER_AMOUNT
    return Finding(check=_K.ACHIEVABLE, verdict=verdict, evidence=evidence, fix=fix, fix_amount=amount)


def challenging(known: Known) -> Finding:
    """It asks for what would come by itself, or more."""
    marks = [each for each in (known.p50, known.last_year) if each is not None]
    evidence = _told(p50=known.p50, last_year=known.last_year, amount=known.amount)
    if not marks:
        lack = Lack(reason="history", have=0, need=1)
        return Finding(check=_K.CHALLENGING, verdict=_THIN, evidence=evidence, lack=lack)
    verdict = _at_least(known.amount, max(marks), min(marks))
    if verdict is _PASS:
        return Finding(check=_K.CHALLENGING, verdict=_PASS, evidence=evidence)
    return Finding(check=_K.CHALLENGING, verdict=verdict, evidence=evidence, fix=_F.RAISE_AMOUNT, fix_amount=max(marks))


def resourced(known: Known) -> Finding:
    """Those who sell in its scope can bring it."""
    if known.capacity is None:
        return Finding(check=_K.RESOURCED, verdict=_THIN, lack=Lack(reason="capacity", have=0, need=1))
    evidence = _told(capacity=known.capacity, amount=known.amount)
    if known.amount <= 0:
        return Finding(check=_K.RESOURCED, verdict=_PASS, evidence=evidence)
    passes, warns = known.limits.capacity_pass, known.limits.capacity_warn
    verdict = _at_least(known.capacity * SHARE_WHOLE, known.amount * passes, known.amount * warns)
    if verdict is _PASS:
        return Finding(check=_K.RESOURCED, verdict=_PASS, evidence=evidence)
    fix = _F.LOWER_AMOUNT
    return Finding(check=_K.RESOURCED, verdict=verdict, evidence=evidence, fix=fix, fix_amount=known.capacity)


def time_bound(known: Known) -> Finding:
    """It is not over, has hardly begun, and has steps on the way when it is long."""
    evidence = _told(elapsed=known.elapsed, over=int(known.is_over), time_plan=int(known.has_time_plan))
    if known.is_over:
        return Finding(check=_K.TIME_BOUND, verdict=_FAIL, evidence=evidence, fix=_F.SET_PERIOD)
    if known.horizon is not Horizon.SHORT and not known.has_time_plan:
        return Finding(check=_K.TIME_BOUND, verdict=_WARN, evidence=evidence, fix=_F.DECOMPOSE_BY_TIME)
    if known.elapsed > known.limits.elapsed_warn:
        return Finding(check=_K.TIME_BOUND, verdict=_WARN, evidence=evidence, fix=_F.SET_PERIOD)
    return Finding(check=_K.TIME_BOUND, verdict=_PASS, evidence=evidence)


def consistent(known: Known) -> Finding:
    """It fits what was committed to, its siblings, and the other live targets of its scope."""
    found: dict[TargetCheckFix | None, TargetCheckVerdict] = {_F.CLOSE_DOUBLE: _FAIL if known.doubles else _PASS}
    off = beyond = share = None
    if known.committed and known.amount:
        off = max(abs(ratio(each - known.amount, SHARE_WHOLE, known.amount)) for each in known.committed)
        found[_F.RECONCILE] = _at_most(off, known.limits.commits_pass, known.limits.commits_warn)
    asked = None if known.last_year is None else growth(known.amount, known.last_year)
    if asked is not None and len(known.sibling_growths) >= MIN_SIBLINGS:
        beyond = abs(asked - quantile(known.sibling_growths, 50))
        found[None] = _at_most(beyond, known.limits.siblings_pass, known.limits.siblings_warn)
    if known.shares:
        share = min(known.shares)
        found[_F.RAISE_AMOUNT] = _at_least(share, known.limits.long_share_pass, known.limits.long_share_warn)
    if known.revenue is not None:
        found[_F.LOWER_AMOUNT] = _FAIL if known.amount > known.revenue else _PASS
    verdict = worse(*found.values())
    evidence = _told(
        doubles=known.doubles, commits_off=off, growth_off=beyond, share_of_long=share, revenue=known.revenue
    )
    fix = None if verdict is _PASS else next(each for each, said in found.items() if said is verdict)
    return Finding(check=_K.CONSISTENT, verdict=verdict, evidence=evidence, fix=fix)


CHECKS = (specific, measurable, achievable, challenging, resourced, time_bound, consistent)


def run_checks(known: Known) -> tuple[Finding, ...]:
    """What all checks find."""
    return tuple(check(known) for check in CHECKS)


def check_failures(findings: Collection[Finding], overrides: Mapping[TargetCheckKind, str]) -> None:
    """Raises ChecksFailed, which names what fails and is not overridden."""
    left = [each for each in findings if each.verdict is _FAIL and each.check not in overrides]
    if left:
        raise ChecksFailed(extra={"failed": [each.model_dump(mode="json") for each in left]})
