"""Whether two accounts are one customer: names compared by their parts, and what else they share.

A score is 1 - (1 - name)(1 - 0.5 phone)(1 - 0.6 domain)(1 - 0.3 address): each agreement takes away a part of the
doubt that the names leave. Tax ids decide where both are known. Names are compared as `kit.names.split_name` takes
them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby, product
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA, Indel, JaroWinkler

from kit.domains import SHARED_DOMAINS
from kit.names import split_name
from kit.text import fold_text, has_han, syllables, without_punctuation
from kit.transitions import Move, Moves
from services.customer.identity.enums import CandidateState, IdentityVerdict, TaxIds

DUPLICATE: Final = 0.85
POSSIBLE: Final = 0.60
SAME_SOUND: Final = 0.95
SAME_WORD: Final = 0.90
SLIPS: Final = 1
OWN_WORDS: Final = 0.6
OTHER_UNIT: Final = 0.6
WITHIN: Final = 0.9
OTHER: Final = 0.6
PHONE, DOMAIN, ADDRESS = 0.5, 0.6, 0.3
OTHER_TAX_ID: Final = 0.30
_DIGITS = 6
_NUMBER = re.compile(r"\d+|(?<=第)[零一二三四五六七八九十百]+")
_BRANCH = re.compile("(?:分公司|支公司|分行|支行|分部|营业部|办事处|店)$")
"""What tells branches, shops, schools and works of one name apart."""
_ARTICLE = re.compile(r"^the (?=\w)")
_PLURAL, _PLURAL_Y = re.compile(r"(?<=\w[^\Ws])s$"), re.compile(r"(?<=\w\w)ies$")
MOVES: Moves[CandidateState] = {"dismiss": Move((CandidateState.OPEN,), CandidateState.DISMISSED)}


class Named(NamedTuple):
    """A name taken apart (kit.names.NameParts), and how its brand sounds (Latin: empty)."""

    brand: str
    trade: str
    place: str
    is_cjk: bool
    sound: str


class Profile(NamedTuple):
    """What of an account is compared. `tax_id` is (country, key), `phones` are numbers or, of persons, their blind
    indexes, `domain` is none that many share, `address` is folded."""

    is_person: bool
    names: tuple[Named, ...]
    tax_id: tuple[str, str] | None
    phones: frozenset[str]
    domain: str | None
    address: str | None


class NameScore(NamedTuple):
    """How like two names are, and the three factors of which that is the product."""

    name: float
    brand: float
    trade: float
    place: float


class _Pair(NamedTuple):
    """Two words of two names, at these places, that are alike."""

    alike: float
    words: tuple[str, str]
    n: int
    m: int


class Comparison(NamedTuple):
    """How like two accounts are, with every factor; `names` is that of the pair of names that is most alike."""

    score: float
    verdict: IdentityVerdict
    names: NameScore
    is_same_phone: bool
    is_same_domain: bool
    is_same_address: bool
    tax_ids: TaxIds


class Key(NamedTuple):
    """What accounts that may be one have in common, as a number. `words`: of a key of one word of a Latin name, how
    many there are of that account; of every other key 0."""

    key: int
    words: int


NO_NAME = NameScore(0.0, 0.0, 0.0, 0.0)


@lru_cache(maxsize=32_768)
def named(name: str) -> Named:
    """A name as it is compared."""
    brand, trade, place, is_cjk = split_name(name)
    if is_cjk:
        return Named(brand, trade, place, is_cjk, _sound(brand))
    singular = " ".join(_PLURAL.sub("", _PLURAL_Y.sub("y", word)) for word in trade.split())
    return Named(_ARTICLE.sub("", brand), singular, place, is_cjk, "")


def _sound(brand: str) -> str:
    """Chinese characters as syllables without tones, everything else as it is."""
    runs = ((is_han, "".join(run)) for is_han, run in groupby(brand, has_han))
    return "'".join("'".join(syllables(run)) if is_han else run for is_han, run in runs)


def profile(
    *,
    is_person: bool,
    names: Iterable[str | None],
    tax_id: tuple[str, str] | None,
    phones: Iterable[str],
    domain: str | None,
    address: str | None,
) -> Profile:
    """What is compared of an account with these values."""
    return Profile(
        is_person,
        tuple(dict.fromkeys(named(name) for name in names if name)),
        tax_id,
        frozenset(phones),
        domain if domain not in SHARED_DOMAINS else None,
        (without_punctuation(fold_text(address)).replace(" ", "") or None) if address else None,
    )


def compare_names(left: Named, right: Named) -> NameScore:
    """How like two names are, from 0 to 1; a Chinese and a Latin one are not at all."""
    if left.is_cjk != right.is_cjk:
        return NO_NAME
    brand = _cjk_brands(left, right) if left.is_cjk else _latin_brands(left.brand, right.brand)
    trade = 1.0 if left.trade == right.trade else OTHER
    if trade < 1 and (left.trade in right.trade or right.trade in left.trade):
        trade = WITHIN
    place = OTHER if left.place and right.place and left.place != right.place else 1.0
    return NameScore(brand * trade * place, brand, trade, place)


def _cjk_brands(left: Named, right: Named) -> float:
    if left.brand == right.brand:
        return 1.0
    alike = Indel.normalized_similarity(left.brand, right.brand)
    if left.sound == right.sound:
        return max(alike, SAME_SOUND)
    return alike * (OTHER_UNIT if _are_units(left.brand, right.brand) else 1.0)


def _are_units(left: str, right: str) -> bool:
    """Whether brands that differ are of two branches, or bear two numbers."""
    numbers = _NUMBER.findall(left), _NUMBER.findall(right)
    return bool(_BRANCH.search(left) or _BRANCH.search(right)) or (all(numbers) and numbers[0] != numbers[1])


def _latin_brands(left: str, right: str) -> float:
    """Words paired, those most alike first: twice what the pairs have in common over all words."""
    if left.replace(" ", "") == right.replace(" ", ""):
        return 1.0
    first, second = left.split(), right.split()
    pairs = [
        _Pair(alike, (min(one, other), max(one, other)), n, m)
        for (n, one), (m, other) in product(enumerate(first), enumerate(second))
        if (alike := _alike(one, other)) >= SAME_WORD
    ]
    total, in_first, in_second = 0.0, set[int](), set[int]()
    for pair in sorted(pairs, key=lambda pair: (-pair.alike, pair.words)):
        if pair.n not in in_first and pair.m not in in_second:
            total += pair.alike
            in_first.add(pair.n)
            in_second.add(pair.m)
    both_keep_own = len(in_first) < len(first) and len(in_second) < len(second)
    return 2 * total / (len(first) + len(second)) * (OWN_WORDS if both_keep_own else 1.0)


def _alike(one: str, other: str) -> float:
    """Jaro-Winkler of two words, in one order, as it may differ by it; 0 if more than one slip of the keys makes one of
    the other, or they have digits, and differ."""
    if one == other:
        return 1.0
    if _NUMBER.search(one) or _NUMBER.search(other) or OSA.distance(one, other, score_cutoff=SLIPS) > SLIPS:
        return 0.0
    return JaroWinkler.similarity(min(one, other), max(one, other))


def compare(left: Profile, right: Profile) -> Comparison:
    """How like two accounts are."""
    pairs = (compare_names(one, other) for one, other in product(left.names, right.names))
    names = max(pairs, default=NO_NAME)
    phone = not left.phones.isdisjoint(right.phones)
    domain = left.domain is not None and left.domain == right.domain
    address = left.address is not None and left.address == right.address
    doubt = (1 - names.name) * (1 - PHONE * phone) * (1 - DOMAIN * domain) * (1 - ADDRESS * address)
    tax_ids, score = TaxIds.UNKNOWN, 1 - doubt
    if left.tax_id and right.tax_id:
        is_same = left.tax_id == right.tax_id
        tax_ids, score = (TaxIds.SAME, 1.0) if is_same else (TaxIds.DIFFERENT, min(score, OTHER_TAX_ID))
    score = round(score, _DIGITS)
    return Comparison(score, verdict(score), names, phone, domain, address, tax_ids)


def verdict(score: float) -> IdentityVerdict:
    """What a score says."""
    if score >= DUPLICATE:
        return IdentityVerdict.DUPLICATE
    return IdentityVerdict.POSSIBLE if score >= POSSIBLE else IdentityVerdict.DIFFERENT


def keys_of(one: Profile) -> list[Key]:
    """The keys by which those that may be the same are found.

    A person's name is shared by many others: it gives none.
    """
    plain = {f"phone {phone}" for phone in one.phones}
    if one.tax_id:
        plain.add(f"tax {' '.join(one.tax_id)}")
    if one.domain:
        plain.add(f"domain {one.domain}")
    words: set[str] = set()
    for name in () if one.is_person else one.names:
        plain |= set(_name_keys(name))
        if not name.is_cjk:
            words |= {word[:4] for word in name.brand.split()}
    counted = [Key(_number(f"word {word}"), len(words)) for word in words]
    return sorted([*(Key(_number(text), 0) for text in plain), *counted])


def _name_keys(name: Named) -> Iterator[str]:
    """The whole name by its parts, the brand, its sound, and the brand less one character: those share a key of which
    one is the other with a character more, or another one. Of two characters one is too little to be alike."""
    brand = name.brand.replace(" ", "")
    yield f"name {brand} {name.trade} {name.place}"
    yield f"brand {brand}"
    if name.is_cjk:
        yield f"sound {name.sound}"
        if len(brand) > 2:
            yield from (f"brand {brand[:n]}{brand[n + 1 :]}" for n in range(len(brand)))


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)
