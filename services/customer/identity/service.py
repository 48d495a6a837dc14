"""Accounts that may be one customer: their keys, and who is like whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.records import fresh
from kit.work import Work
from services.customer.identity import repository
from services.customer.identity.enums import CandidateState, IdentityVerdict
from services.customer.identity.models import Compared, DuplicateCandidate, Factors
from services.customer.identity.repository import Pair
from services.customer.identity.rules import POSSIBLE, Comparison, Key, Profile, compare, keys_of, profile

PERSON: Final = "person"
COMPARED: Final = frozenset({"name", "local_name", "country", "tax_id", "website", "phone", "archived_at"})
"""Fields of an account of which its keys are made."""


class Match(NamedTuple):
    """An account that may be the one that was compared, and why."""

    account: Compared
    comparison: Comparison


def profile_of(row: Compared) -> Profile:
    """What is compared of a stored account; the address of a person is sealed and not compared."""
    if row.kind == PERSON:
        phones: Iterable[str] = (one.hex() for one in (row.phone_index_1, row.phone_index_2) if one)
    else:
        phones = [row.phone] if row.phone else []
    return profile(
        is_person=row.kind == PERSON,
        names=(row.name, row.local_name),
        tax_id=(row.country, row.tax_id_key) if row.country and row.tax_id_key else None,
        phones=phones,
        domain=row.domain,
        address=row.address,
    )


async def matches(work: Work, one: Compared, least: float = POSSIBLE) -> list[Match]:
    """Accounts of the same kind, whoever owns them, that score at least so much against one; the most alike first."""
    own = profile_of(one)
    keys = {one.id: keys_of(own)}
    others = (await repository.sharers(work.tx, keys, lesser_only=False)).get(one.id, set())
    found = [Match(row, compare(own, profile_of(row))) for row in (await repository.load(work.tx, others)).values()]
    alike = [match for match in found if match.account.kind == one.kind and match.comparison.score >= least]
    return sorted(alike, key=lambda match: (-match.comparison.score, match.account.id))


async def duplicates_seen(work: Work, one: Compared) -> list[UUID]:
    """Accounts that the caller sees and that are surely the same as one."""
    scope = await work.scope()
    return [
        match.account.id
        for match in await matches(work, one)
        if match.comparison.verdict is IdentityVerdict.DUPLICATE and scope.sees(match.account.owner_id)
    ]


async def matches_of(work: Work, account_id: UUID) -> list[Match]:
    """Accounts that a stored one is like; none of one that is archived."""
    found = await repository.load(work.tx, [account_id])
    return await matches(work, found[account_id]) if found else []


async def put_keys(work: Work, one: Compared) -> None:
    """Let an account be found by what it is now, in the transaction that writes it."""
    await repository.put_keys(work.tx, {one.id: keys_of(profile_of(one))})


async def check_again(work: Work, ids: Collection[UUID]) -> None:
    """Have accounts compared with all others within a minute."""
    await repository.put_checks(work.tx, ids, clock.now())


async def pair_up(tx: Tx, ids: Collection[UUID], *, lesser_only: bool = False) -> int:
    """Write the keys of accounts anew and put on the list with whom they may be one; returns how many pairs that are.

    `lesser_only`: they are compared with accounts of lesser ids, which is enough where all are, in order of id.
    Holds the accounts until the transaction ends, and others who look for pairs.
    """
    await repository.one_at_a_time(tx)
    await repository.lock(tx, ids)
    rows = await repository.load(tx, ids)
    profiles = {row.id: profile_of(row) for row in rows.values()}
    keys = {each: keys_of(profiles[each]) if each in profiles else [] for each in ids}
    await repository.put_keys(tx, keys)
    pairs = set(await repository.known_pairs(tx, ids, lesser_only=lesser_only))
    for one, others in (await repository.sharers(tx, keys, lesser_only=lesser_only)).items():
        pairs |= {(min(one, other), max(one, other)) for other in others}
    rows |= await repository.load(tx, {each for pair in pairs for each in pair} - set(ids))
    profiles |= {row.id: profile_of(row) for row in rows.values() if row.id not in profiles}
    found = _found(pairs, rows, profiles, keys)
    await repository.put_pairs(tx, found)
    await repository.drop_pairs(tx, pairs - {(pair.first_id, pair.second_id) for pair in found})
    return len(found)


def _found(
    pairs: Collection[Pair],
    rows: Mapping[UUID, Compared],
    profiles: Mapping[UUID, Profile],
    keys: Mapping[UUID, Sequence[Key]],
) -> list[DuplicateCandidate]:
    """Those of the pairs that may be one."""
    found = []
    for first, second in pairs:
        if first not in rows or second not in rows or rows[first].kind != rows[second].kind:
            continue
        comparison = compare(profiles[first], profiles[second])
        if comparison.score >= POSSIBLE:
            basis = [keys.get(each) or keys_of(profiles[each]) for each in (first, second)]
            found.append(_candidate(first, second, comparison, basis))
    return found


def factors_of(comparison: Comparison) -> Factors:
    """Every factor of a score."""
    return Factors(
        **comparison.names._asdict(),
        is_same_phone=comparison.is_same_phone,
        is_same_domain=comparison.is_same_domain,
        is_same_address=comparison.is_same_address,
        tax_ids=comparison.tax_ids,
    )


def _candidate(first: UUID, second: UUID, comparison: Comparison, basis: Sequence[Sequence[Key]]) -> DuplicateCandidate:
    written = repr([[key.key for key in own] for own in basis]).encode()
    return DuplicateCandidate(
        **fresh(),
        first_id=first,
        second_id=second,
        score=comparison.score,
        verdict=comparison.verdict,
        factors=factors_of(comparison),
        state=CandidateState.OPEN,
        basis=int.from_bytes(blake2b(written, digest_size=8).digest(), signed=True),
    )
