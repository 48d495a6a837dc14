"""Use cases of merges: a redirect from one account to another, and its end. Rows that name an account stay where they
are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotFound, UnknownReference
from kit.events import outbox
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.customer.accounts import merging
from services.customer.accounts.access import may_read_tax_ids
from services.customer.accounts.facts import PERSONAL
from services.customer.accounts.models import Account
from services.customer.accounts.private import open_all
from services.customer.accounts.rules import AccountArchived, AccountMerged, DuplicateAccount
from services.customer.accounts.sealing import PRIVATE
from services.customer.accounts.service import tax_id_key_of
from services.customer.events_out import AccountMerged as MergedFact
from services.customer.events_out import AccountUnmerged as UnmergedFact
from services.customer.identity import service as identity
from services.customer.merges import repository
from services.customer.merges.enums import MergeState
from services.customer.merges.models import AccountMerge, FieldMove
from services.customer.merges.rules import (
    CHOSEN,
    JOURNALED,
    MOVES,
    SIZED_BY,
    MergeKindMismatch,
    MergeSelf,
    UnmergeConflict,
    check_tax_ids,
    is_empty,
    restored,
    taken,
)
from services.customer.merges.schemas import MergeChildren, MergeCreate, MergeFieldRead, MergeOutcome, MergeRead

MERGES = Resource("merge", AccountMerge, lambda _: None, audited=("survivor_id", "merged_id", "reason"))


class Pair(NamedTuple):
    """The two accounts of a merge as they are stored."""

    survivor: Account
    merged: Account


async def merge_accounts(work: Work, survivor_id: UUID, data: MergeCreate) -> MergeOutcome:
    """Let an account read as another one. Raises MergeSelf, NotFound, UnknownReference, MergeKindMismatch,
    AccountMerged, AccountArchived, MergeConflict, CountriesDiffer."""
    if survivor_id == data.merged_id:
        raise MergeSelf(errors=[FieldError("/merged_id", MergeSelf.code, "it is the survivor")])
    await repository.take_turns(work.tx)
    below = await repository.below(work.tx, data.merged_id)
    locked = await merging.lock_all(work, {survivor_id, data.merged_id, *below})
    pair = await _seen(work, locked, survivor_id, data.merged_id)
    _check(pair, data)
    takes = await _takes(work, pair, data)
    leaves = {"tax_id": None} if takes.get("tax_id") is not None else {}
    merge: AccountMerge = AccountMerge(
        **fresh(),
        survivor_id=survivor_id,
        merged_id=data.merged_id,
        state=MergeState.MERGED,
        reason=data.reason,
        merged_by=work.actor.subject,
        merged_at=clock.now(),
        journal=(),
    )
    owners = [locked[each].owner_id for each in (data.merged_id, *below) if each in locked]
    outcome = await _outcome(work, merge, pair, (takes, leaves), owners, data.dry_run)
    if data.dry_run:
        return outcome
    leads = {"merged_into": survivor_id, "merge_id": merge.id, "root_id": survivor_id}
    changes = await _changes(work, pair, takes, {**leads, **leaves})
    stored = await merging.put_all(work, [one for one in reversed(changes) if one.changed], "merge", data.reason or "")
    await repository.lead(work.tx, below, survivor_id)
    after = {one.id: one for one in stored}
    pair_after = Pair(after.get(survivor_id, pair.survivor), after[data.merged_id])
    kept = merge.model_copy(update={"journal": _journal(pair, pair_after, await _values(work, pair), takes, leaves)})
    await add(work, MERGES, kept, action="merge")
    await _say(work, kept, pair_after)
    return outcome


async def unmerge_accounts(work: Work, merge_id: UUID, *, dry_run: bool) -> MergeOutcome:
    """Take a merge back, whatever was merged before or after. Raises NotFound, StateConflict, UnmergeConflict."""
    await repository.take_turns(work.tx)
    merge = await require(work, MERGES, merge_id, lock=True)
    below = await repository.below(work.tx, merge.merged_id)
    locked = await merging.lock_all(work, {merge.survivor_id, merge.merged_id, *below})
    pair = Pair(locked[merge.survivor_id], locked[merge.merged_id])
    if not (await work.scope()).sees(pair.survivor.seen_by):
        raise NotFound(what="merge")
    state = next_state("merge", MOVES, "unmerge", merge.state)
    back = await _given_back(work, merge, pair)
    owners = [pair.survivor.owner_id]
    outcome = await _outcome(work, merge, pair, back[:2], owners, dry_run, back[2])
    if dry_run:
        return outcome
    stands = {"merged_into": None, "merge_id": None, "root_id": None}
    changes = await _changes(work, pair, back[0], {**back[1], **stands})
    try:
        stored = await merging.put_all(work, [one for one in changes if one.changed], "unmerge", "")
    except DuplicateAccount:
        raise UnmergeConflict() from None
    await repository.lead(work.tx, below, merge.merged_id)
    await identity.check_again(work, [merge.survivor_id, merge.merged_id])
    ended = {"state": state, "unmerged_by": work.actor.subject, "unmerged_at": clock.now(), "kept": back[2]}
    after = {one.id: one for one in stored}
    ended_merge = await change(work, MERGES, merge, ended, action="unmerge")
    await _say(work, ended_merge, Pair(after.get(merge.survivor_id, pair.survivor), after[merge.merged_id]))
    return outcome


async def get_merge(work: Work, merge_id: UUID) -> MergeRead:
    """One merge with what it changed; raises NotFound, also when the caller does not see what both read as, or did."""
    merge = await require(work, MERGES, merge_id)
    accounts = await merging.load_all(work, [merge.survivor_id])
    survivor = accounts[merge.survivor_id]
    if not (await work.scope()).sees(survivor.seen_by):
        raise NotFound(what="merge")
    shown = [
        MergeFieldRead(**one.__dict__) for one in merge.journal if one.field in (*CHOSEN, "tags") and one.is_change
    ]
    return MergeRead(**merge.model_dump(exclude={"journal"}), fields=_shown(work, survivor, shown))


async def _seen(work: Work, locked: dict[UUID, Account], survivor_id: UUID, merged_id: UUID) -> Pair:
    """Both accounts, of which the caller sees each; raises NotFound, UnknownReference."""
    scope = await work.scope()
    seen = {each: one for each, one in locked.items() if scope.sees(one.seen_by)}
    if survivor_id not in seen:
        raise NotFound(what="account")
    if merged_id not in seen:
        detail = f"no account {merged_id}"
        raise UnknownReference(detail, errors=[FieldError("/merged_id", "unknown-reference", detail)])
    return Pair(seen[survivor_id], seen[merged_id])


def _check(pair: Pair, data: MergeCreate) -> None:
    for name, one in zip(("survivor", "merged_id"), pair, strict=True):
        if one.root_id is not None:
            raise AccountMerged(f"{name} {one.id} was merged", extra={"merged_into": str(one.root_id)})
    if pair.survivor.kind is not pair.merged.kind:
        detail = f"a {pair.merged.kind} is no {pair.survivor.kind}"
        raise MergeKindMismatch(detail, errors=[FieldError("/merged_id", MergeKindMismatch.code, detail)])
    if pair.survivor.is_archived:
        raise AccountArchived()
    is_accepted, reason = data.accept_different_tax_id, data.reason
    check_tax_ids(_number(pair.survivor), _number(pair.merged), is_accepted=is_accepted, reason=reason)


def _number(account: Account) -> str | None:
    """A tax id as it reads, with its country."""
    key = tax_id_key_of(account)
    return f"{account.country} {key}" if key is not None else None


async def _values(work: Work, pair: Pair) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a journal keeps of both accounts, as JSON has it, what is sealed of persons in clear."""
    opened = await open_all(work, pair)
    survivor, merged = (one.model_dump(mode="json", include=set(JOURNALED)) for one in opened)
    return survivor, merged


async def _takes(work: Work, pair: Pair, data: MergeCreate) -> dict[str, Any]:
    """What the survivor takes, by column, as JSON has it."""
    survivor, merged = await _values(work, pair)
    is_same = _number(pair.survivor) == _number(pair.merged)
    takes = taken(survivor, merged, dict(data.fields.items()), is_same_tax_id=is_same)
    if set(SIZED_BY) & takes.keys():
        after = changed_row(pair.survivor, _stored(takes)).after
        days = [day for day in (survivor["size_on"], merged["size_on"]) if day is not None]
        sizes = {"size_class": await merging.size_of(work, after.__dict__), "size_on": min(days, default=None)}
        takes |= {name: value for name, value in sizes.items() if value != survivor[name]}
    return takes


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in PRIVATE}


async def _changes(work: Work, pair: Pair, *values: dict[str, Any]) -> list[Change[Account]]:
    """Changes of both accounts; what is sealed of persons is opened only where something of it changes."""
    changes = []
    for account, changed in zip(pair, values, strict=True):
        opened = (await open_all(work, [account]))[0] if set(PRIVATE) & changed.keys() else account
        changes.append(changed_row(opened, changed))
    return changes


def _journal(
    before: Pair,
    after: Pair,
    values: tuple[dict[str, Any], dict[str, Any]],
    takes: dict[str, Any],
    leaves: dict[str, Any],
) -> tuple[FieldMove, ...]:
    """What changes, on both sides; of persons phone and address as they are sealed."""
    survivor, merged = values
    moves = []
    for name in sorted({*takes, "country"} if "tax_id" in takes else takes):
        sides: tuple[Any, ...] = (
            survivor[name],
            takes.get(name, survivor[name]),
            merged[name],
            leaves.get(name, merged[name]),
        )
        if name in PRIVATE and not before.survivor.is_organization:
            sealed = [merging.sealed_values(one)[name] for one in (before.survivor, after.survivor, before.merged)]
            sides = (*sealed, sealed[2])
        moves.append(FieldMove(**dict(zip(_SIDES, (name, *sides), strict=True))))
    return tuple(moves)


_SIDES = ("field", "survivor_before", "survivor_after", "merged_before", "merged_after")


async def _given_back(
    work: Work, merge: AccountMerge, pair: Pair
) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """What an unmerge changes on both sides, and what it keeps. Raises UnmergeConflict."""
    journal = await _opened(work, merge.journal, pair)
    survivor, merged = await _values(work, pair)
    found = restored(journal, survivor, merged, await _withheld(work, journal, pair))
    if set(SIZED_BY) & {*found.survivor, *found.kept} and "size_class" not in found.survivor:
        after = changed_row(pair.survivor, _stored(found.survivor)).after
        found.survivor["size_class"] = await merging.size_of(work, after.__dict__)
    return found.survivor, found.merged, found.kept


async def _opened(work: Work, journal: Sequence[FieldMove], pair: Pair) -> list[FieldMove]:
    """The journal with what is sealed in it in clear."""
    if pair.survivor.is_organization:
        return list(journal)
    sealed = {one.field: one for one in journal if one.field in PRIVATE}
    opened: dict[str, dict[str, Any]] = {name: {} for name in sealed}
    for side, account in zip(_SIDES[1:], (pair.survivor, pair.survivor, pair.merged, pair.merged), strict=True):
        asked = {name: getattr(one, side) for name, one in sealed.items()}
        for name, value in (await merging.opened_values(work, account, asked)).items():
            opened[name][side] = value
    return [one.model_copy(update=opened.get(one.field, {})) for one in journal]


async def _withheld(work: Work, journal: Sequence[FieldMove], pair: Pair) -> Collection[str]:
    """Fields that cannot be given back: a tax id that an account has which reads as the same one meanwhile. Raises
    UnmergeConflict when it is another's."""
    one = next((each for each in journal if each.field == "tax_id"), None)
    if one is None or not pair.survivor.is_organization:
        return ()
    by_name = {each.field: each for each in journal}
    country = by_name["country"].survivor_before
    survivor: Account = pair.survivor
    merged: Account = pair.merged
    asked = [
        survivor.model_copy(update={"tax_id": one.survivor_before, "country": country}),
        merged.model_copy(update={"tax_id": one.merged_before, "country": by_name["country"].merged_before}),
    ]
    for account in asked:
        holder = await merging.holder_of(work.tx, account) if not is_empty(account.tax_id) else None
        if holder is None or holder in (pair.survivor.id, pair.merged.id):
            continue
        other = (await merging.load_all(work, [holder]))[holder]
        if other.leads_to != pair.survivor.leads_to:
            told = {"account_id": str(holder)} if (await work.scope()).sees(other.seen_by) else {}
            raise UnmergeConflict(extra=told)
        return ("tax_id",)
    return ()


async def _outcome(
    work: Work,
    merge: AccountMerge,
    pair: Pair,
    changes: tuple[dict[str, Any], dict[str, Any]],
    owners: Iterable[UUID | None],
    dry_run: bool,
    kept: Sequence[str] = (),
) -> MergeOutcome:
    survivor, merged = await _values(work, pair)
    shown = [
        MergeFieldRead(
            field=name,
            survivor_before=survivor[name],
            survivor_after=changes[0].get(name, survivor[name]),
            merged_before=merged[name],
            merged_after=changes[1].get(name, merged[name]),
        )
        for name in (*CHOSEN, "tags")
        if name in changes[0] or name in changes[1]
    ]
    is_undone = merge.id == pair.merged.merge_id
    stays = pair.merged.owner_id if is_undone else pair.survivor.owner_id
    return MergeOutcome(
        merge_id=None if dry_run and not is_undone else merge.id,
        dry_run=dry_run,
        survivor_id=merge.survivor_id,
        merged_id=merge.merged_id,
        root_id=pair.survivor.leads_to,
        owner_id=pair.survivor.seen_by,
        fields=_shown(work, pair.survivor, shown),
        kept=list(kept),
        children=MergeChildren(**(await repository.children_of(work.tx, merge.merged_id))._asdict()),
        losing_sight=sorted({owner for owner in owners if owner is not None and owner != stays}),
    )


def _shown(work: Work, account: Account, fields: Sequence[MergeFieldRead]) -> list[MergeFieldRead]:
    """The fields as far as the caller may see them; personal ones of persons are named alone."""
    hidden = set() if account.is_organization else set(PERSONAL)
    if not may_read_tax_ids(work.actor):
        hidden.add("tax_id")
    empty = dict.fromkeys(_SIDES[1:])
    return [one.model_copy(update=empty) if one.field in hidden else one for one in fields]


async def _say(work: Work, merge: AccountMerge, pair: Pair) -> None:
    """Once under the stream key of each of the two, with the same content."""
    said: list[tuple[Published, int]] = []
    for one in sorted(pair, key=lambda each: each.id):
        both: dict[str, Any] = {
            "merge_id": merge.id,
            "account_id": one.id,
            "stream_key": one.stream_key,
            "survivor_id": pair.survivor.id,
            "survivor_stream_key": pair.survivor.stream_key,
            "merged_id": pair.merged.id,
            "merged_stream_key": pair.merged.stream_key,
            "merged_at": merge.merged_at,
            "owner_id": pair.survivor.owner_id,
            "business_date": work.today,
        }
        ended = merge.unmerged_at
        said.append((UnmergedFact(**both, unmerged_at=ended) if ended else MergedFact(**both), one.version))
    await outbox.say(work, said)
