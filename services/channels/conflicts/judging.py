"""Finding conflicts in what is sold: orders as they are confirmed, opportunities as they open, accounts as they merge
or turn out to be one customer.

Whoever looks at the orders of an account holds its advisory lock (that of what it leads to, too), so of two orders in
conflict that come at once the second sees the first, whatever partition each is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from kit.events.envelope import Event
from kit.events.handlers import Fact
from kit.redirects import Groups
from kit.work import Work
from services.channels.channel_policies import service as policies
from services.channels.channel_policies.models import ConflictRules
from services.channels.conflicts import opening, repository
from services.channels.conflicts.enums import ConflictKind, ConflictSubject
from services.channels.conflicts.findings import Finding, Subject, folded, in_turn
from services.channels.conflicts.repository import Cap
from services.channels.conflicts.rules import Sold, mode_of, undercuts
from services.channels.deals import service as deals
from services.channels.deals.enums import DealState
from services.channels.events_in import AccountHeard, OrderHeard
from services.channels.events_in.customer import AccountRedirectHeard, OpportunityHeard, SoldLineHeard
from services.channels.redirects import service as redirects
from services.channels.sales import service as sales


async def judge_orders(work: Work, confirmed: Sequence[Fact[OrderHeard]]) -> None:
    """Find what orders are in conflict with."""
    facts = {fact.data.id: fact for fact in confirmed if fact.data.account_id is not None}
    if not facts:
        return
    groups = await redirects.hold_accounts(
        work, {each for f in facts.values() if (each := f.data.account_id) is not None}
    )
    subjects = in_turn(await _subjects(work, groups, list(facts.values())))
    lines = {order_id: fact.data.lines for order_id, fact in facts.items()}
    rules = await _rules_at(work, confirmed[-1].event)
    asked = repository.asking([one.asked for one in subjects])
    found = [*await _of_customers(work, rules, subjects, asked), *await _of_agreements(work, subjects, asked)]
    found += await _of_prices(work, rules, subjects, lines, asked)
    await opening.open_conflicts(work, rules, found)


async def judge_opportunities(work: Work, heard: Sequence[Fact[OpportunityHeard]]) -> None:
    """Find opportunities that are the company's own with customers under a partner's approved deal."""
    latest = {fact.data.id: fact for fact in sorted(heard, key=lambda fact: fact.data.version)}
    facts = [fact for fact in latest.values() if fact.data.state == "open" and fact.data.partner_id is None]
    if not facts:
        return
    groups = await redirects.groups_of(work, {fact.data.account_id for fact in facts})
    known = await sales.accounts_by_id(work, [groups.root(fact.data.account_id) for fact in facts])
    subjects = [
        Subject(
            id=fact.data.id,
            kind=ConflictSubject.OPPORTUNITY,
            cause=fact.event,
            members=groups.members(fact.data.account_id),
            account=known.get(groups.root(fact.data.account_id)),
            partner_id=None,
            deal_id=fact.data.deal_id,
            day=fact.data.opened_on,
            region=None,
            mode=None,
            lines=None,
        )
        for fact in facts
    ]
    rules = await _rules_at(work, heard[-1].event)
    asked = repository.asking([one.asked for one in subjects])
    await opening.open_conflicts(work, rules, await _of_claims(work, subjects, asked))


async def judge_merges(work: Work, merged: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """What accounts have ordered that are one customer from now on is looked at again, as far back as a conflict is
    open to orders of today. What has been found is found once."""
    for fact in merged:
        at = work.caused_by(fact.event)
        groups = await redirects.hold_accounts(work, {fact.data.survivor_id, fact.data.merged_id})
        members = {m for each in (fact.data.survivor_id, fact.data.merged_id) for m in groups.members(each)}
        rules = await _rules_at(work, fact.event)
        first = at.today - timedelta(rules.window_days)
        sold = await repository.sales_since(work.tx, members, first)
        kinds = await repository.kinds_of(work.tx, {one.channel_id for one in sold if one.channel_id is not None})
        known = await sales.accounts_by_id(work, sorted(members))
        subjects = [
            Subject(
                id=one.order_id,
                kind=ConflictSubject.ORDER,
                cause=fact.event,
                members=groups.members(one.account_id),
                account=known.get(groups.root(one.account_id)),
                partner_id=one.partner_id,
                deal_id=one.deal_id,
                day=one.order_date,
                region=one.region,
                mode=mode_of(kinds.get(one.channel_id)) if one.channel_id is not None else None,
                lines=one.lines,
            )
            for one in sold
        ]
        found = await _of_protected(at, fact.event, groups.members(fact.data.survivor_id))
        subjects = in_turn(subjects)
        found += await _of_customers(work, rules, subjects, repository.asking([one.asked for one in subjects]))
        await opening.open_conflicts(at, rules, found)


async def judge_accounts(work: Work, heard: Sequence[Fact[AccountHeard]]) -> None:
    """An account may be the customer of claims that were approved while nothing said that it is one."""
    events = {fact.data.id: fact.event for fact in heard}
    claims = await deals.protected_on(work.caused_by(heard[-1].event), list(events))
    claimed = {one.account_id for one in claims}
    groups = await redirects.groups_of(work, claimed)
    for account_id in sorted(claimed):
        at = work.caused_by(events[account_id])
        found = await _of_protected(at, events[account_id], groups.members(account_id))
        await opening.open_conflicts(at, await _rules_at(work, events[account_id]), found)


async def _rules_at(work: Work, event: Event) -> ConflictRules:
    """The rules of the business day of an event."""
    return await policies.conflict_rules_on(work, work.caused_by(event).today)


async def _subjects(work: Work, groups: Groups, facts: Iterable[Fact[OrderHeard]]) -> list[Subject]:
    orders = [(fact, fact.data, fact.data.account_id) for fact in facts]
    kinds = await repository.kinds_of(work.tx, {o.channel_id for _f, o, _a in orders if o.channel_id is not None})
    known = await sales.accounts_by_id(work, sorted({groups.root(a) for _f, _o, a in orders if a is not None}))
    return [
        Subject(
            id=order.id,
            kind=ConflictSubject.ORDER,
            cause=fact.event,
            members=groups.members(account_id),
            account=known.get(groups.root(account_id)),
            partner_id=order.partner_id,
            deal_id=order.deal_id,
            day=order.order_date,
            region=order.region,
            mode=mode_of(kinds.get(order.channel_id)) if order.channel_id is not None else None,
            lines=folded(line.product_line for line in order.lines if _is_kept(line)),
        )
        for fact, order, account_id in orders
        if account_id is not None
    ]


def _is_kept(line: SoldLineHeard) -> bool:
    return line.quantity is None or line.quantity > line.returned


async def _of_customers(work: Work, rules: ConflictRules, subjects: Sequence[Subject], asked: str) -> list[Finding]:
    """Two partners with one customer, or a partner and the company."""
    by_id = {one.id: one for one in subjects}
    through = [one for one in subjects if one.partner_id is not None]
    beside = await repository.orders_beside(work.tx, asked, rules.window_days) if through else []
    found = [
        Finding(
            ConflictKind.SAME_CUSTOMER,
            by_id[one.subject_id],
            _with_own(by_id[one.subject_id], one.other_id),
            orders=tuple(sorted(one.order_ids)),
        )
        for one in beside
    ]
    return [*found, *await _of_claims(work, subjects, asked)]


async def _of_claims(work: Work, subjects: Sequence[Subject], asked: str) -> list[Finding]:
    """Subjects against deals of others; one without a partner against those that were approved."""
    by_id = {one.id: one for one in subjects}
    found = []
    for claim in await deals.claims_on(work, asked) if subjects else ():
        subject = by_id[claim.subject_id]
        if subject.partner_id is not None:
            kind = ConflictKind.SAME_CUSTOMER
        elif claim.state != DealState.REGISTERED:
            kind = ConflictKind.PARTNER_DIRECT
        else:
            continue
        found.append(Finding(kind, subject, _with_own(subject, claim.partner_id), deals=(claim.deal_id,)))
    return found


async def _of_protected(work: Work, cause: Event, members: tuple[UUID, ...]) -> list[Finding]:
    """Claims of partners on one customer that are protected, each against those before it."""
    claims = list({one.deal_id: one for one in await deals.protected_on(work, members)}.values())
    if len({one.partner_id for one in claims}) < 2:
        return []
    known = await sales.accounts_by_id(work, [members[0]])
    found = []
    for number, later in enumerate(claims):
        lines = folded(later.product_lines)
        subject = Subject(
            id=later.deal_id,
            kind=ConflictSubject.DEAL,
            cause=cause,
            members=members,
            account=known.get(members[0]),
            partner_id=later.partner_id,
            deal_id=later.deal_id,
            day=work.today,
            region=None,
            mode=None,
            lines=lines or None,
        )
        for one in claims[:number]:
            is_shared = not lines or not one.product_lines or not set(lines).isdisjoint(folded(one.product_lines))
            if one.partner_id != later.partner_id and is_shared:
                pair = _with_own(subject, one.partner_id)
                found.append(Finding(ConflictKind.SAME_CUSTOMER, subject, pair, deals=(one.deal_id,)))
    return found


async def _of_agreements(work: Work, subjects: Sequence[Subject], asked: str) -> list[Finding]:
    """Orders where somebody may not sell, or to whom."""
    by_id = {one.id: one for one in subjects}
    return [
        Finding(
            one.kind,
            by_id[one.subject_id],
            _with_own(by_id[one.subject_id], one.other_id),
            cell=one.region,
            agreements=tuple(sorted(one.agreement_ids)),
        )
        for one in await repository.breaches_of(work.tx, asked)
    ]


async def _of_prices(
    work: Work, rules: ConflictRules, subjects: Sequence[Subject], lines: dict[UUID, list[SoldLineHeard]], asked: str
) -> list[Finding]:
    """Lines sold for less than their partner may. Of several agreements that fit, the widest room counts."""
    through = [one for one in subjects if one.partner_id is not None]
    caps: dict[UUID, list[Cap]] = {}
    for each in await repository.caps_of(work.tx, asked) if through else ():
        caps.setdefault(each.subject_id, []).append(each)
    found = []
    for subject in through:
        own, sold = caps.get(subject.id, ()), lines[subject.id]
        broken = [(line, cap) for line in sold if (cap := _broken(line, own, rules.tolerance)) is not None]
        if broken:
            found.append(
                Finding(
                    ConflictKind.PRICE_UNDERCUT,
                    subject,
                    _with_own(subject, None),
                    agreements=tuple(sorted({cap.agreement_id for _line, cap in broken})),
                    prices=tuple(_priced(line, cap) for line, cap in broken),
                )
            )
    return found


def _broken(line: SoldLineHeard, caps: Iterable[Cap], tolerance: int) -> Cap | None:
    """The agreement whose room a line leaves, if one does."""
    if line.quantity is None or line.unit_price is None or line.discount is None:
        return None
    own = [cap for cap in caps if cap.product_line in ("", (line.product_line or "").lower())]
    bounded = [(cap.max_discount, cap) for cap in own if cap.max_discount is not None]
    if not bounded or len(bounded) < len(own):
        return None
    room, widest = max(bounded, key=lambda each: each[0])
    sold = Sold(line.quantity, line.list_price, line.unit_price, line.discount)
    return widest if undercuts(sold, room, tolerance) else None


def _priced(line: SoldLineHeard, cap: Cap) -> dict[str, object]:
    names = ("line_no", "sku", "product_line", "quantity", "list_price", "unit_price", "discount")
    return {**{name: getattr(line, name) for name in names}, "max_discount": cap.max_discount}


def _with_own(subject: Subject, other_id: UUID | None) -> tuple[UUID, ...]:
    """The partners of a conflict: the subject's, and another one."""
    return tuple(sorted({each for each in (subject.partner_id, other_id) if each is not None}))
