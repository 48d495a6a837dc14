"""Scores of pairs, their laws, and keys by which pairs are found."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC
from rapidfuzz.distance import JaroWinkler

from services.customer.identity.enums import IdentityVerdict, TaxIds
from services.customer.identity.rules import Profile, compare, compare_names, keys_of, named, profile

SCORES = [
    ("上海博雅科技有限公司", "博雅科技（上海）有限责任公司", 1.0),
    ("深圳市晨光电子", "深圳辰光电子", 0.95),
    ("广州市海天餐饮管理", "广州海天餐饮", 0.90),
    ("Blue Harbour Trading Co., Ltd.", "Blue Harbor Trading", 0.986),
    ("上海大众汽车", "北京大众汽车", 0.60),
    ("上海华信贸易", "上海华信科技", 0.60),
    ("长城汽车", "长安汽车", 0.50),
    ("Bank of the West", "Bank of the East", 0.45),
]
CHINESE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "上海", "北京市", "深圳市", "江苏省"]),
        st.text("博雅晨辰光海天华信蓝港永利東方龍飛", min_size=2, max_size=5),
        st.sampled_from(["", "科技", "贸易", "餐饮管理", "餐饮"]),
        st.sampled_from(["", "有限公司", "（集团）股份有限公司"]),
    ),
)
LATIN = st.lists(
    st.sampled_from(["Blue", "Harbour", "Harbor", "Bank", "of", "the", "West", "Trading", "Müller", "A", "7", "Ltd"]),
    min_size=1,
    max_size=5,
).map(" ".join)
NAMES = st.one_of(CHINESE, LATIN, st.text(max_size=12).filter(lambda text: bool(text.strip())))


def of(name: str, **more: Any) -> Profile:
    """An organisation of a name."""
    values = {"is_person": False, "tax_id": None, "phones": (), "domain": None, "address": None, **more}
    return profile(names=(name, values.pop("local_name", None)), **values)


def score(one: str, other: str) -> float:
    return compare(of(one), of(other)).score


@pytest.mark.parametrize(("one", "other", "expected"), SCORES)
def test_scores_of_names(one: str, other: str, expected: float) -> None:
    assert round(score(one, other), 3) == expected


def test_what_else_is_shared_takes_doubt_away() -> None:
    one, other = "长城汽车", "长安汽车"
    shared = {"phones": ["+862112345678"], "domain": "changcheng.example", "address": "上海市 中山路 1 号"}
    for names, expected in (
        (("phones",), 0.75),
        (("domain",), 0.80),
        (("address",), 0.65),
        (("phones", "domain"), 0.90),
        (("phones", "domain", "address"), 0.93),
    ):
        more = {name: shared[name] for name in names}
        found = compare(of(one, **more), of(other, **more))
        assert found.score == pytest.approx(expected)
        assert (found.is_same_phone, found.is_same_domain, found.is_same_address) == tuple(
            name in names for name in ("phones", "domain", "address")
        )
    assert compare(of(one, address="上海市中山路1号"), of(other, address="上海市 中山路 １ 號")).is_same_address


@pytest.mark.parametrize("domain", ["gmail.com", "qq.com", "taobao.com", None])
def test_a_shared_domain_says_nothing(domain: str | None) -> None:
    assert not compare(of("长城汽车", domain=domain), of("长安汽车", domain=domain)).is_same_domain


def test_tax_ids_decide() -> None:
    one, same, abroad = ("CN", "1"), ("CN", "1"), ("DE", "1")
    assert compare(of("长城", tax_id=one), of("Other", tax_id=same)).score == 1
    for different in (("CN", "2"), abroad):
        found = compare(of("长城", tax_id=one, domain="a.example"), of("长城", tax_id=different, domain="a.example"))
        assert (found.score, found.tax_ids, found.verdict) == (0.30, TaxIds.DIFFERENT, IdentityVerdict.DIFFERENT)
    found = compare(of("长城汽车", tax_id=one), of("Bank", tax_id=abroad))
    assert found.score == 0
    assert compare(of("长城", tax_id=one), of("长城")).tax_ids is TaxIds.UNKNOWN


def test_the_best_pair_of_names_counts() -> None:
    chinese, latin = "蓝港贸易", "Blue Harbour Trading"
    assert score(chinese, latin) == 0
    assert compare(of(latin, local_name=chinese), of(chinese)).score == 1
    assert compare(of(latin, local_name=chinese), of("Red Sea", local_name=latin)).score == 1


@pytest.mark.parametrize(
    ("expected", "verdict"),
    [
        (1.0, IdentityVerdict.DUPLICATE),
        (0.95, IdentityVerdict.DUPLICATE),
        (0.60, IdentityVerdict.POSSIBLE),
        (0.50, IdentityVerdict.DIFFERENT),
    ],
)
def test_what_a_score_says(expected: float, verdict: IdentityVerdict) -> None:
    one, other = next((one, other) for one, other, found in SCORES if found == expected)
    assert compare(of(one), of(other)).verdict is verdict


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北京市第一建筑工程", "北京市第二建筑工程"),
        ("华联超市001店", "华联超市002店"),
        ("Store 10001", "Store 10002"),
        ("3M", "4M"),
    ],
)
def test_another_number_is_another_one(one: str, other: str) -> None:
    assert compare(of(one), of(other)).verdict is IdentityVerdict.DIFFERENT


def test_reading_goes_by_syllables() -> None:
    assert score("范岗", "方安") == 0  # fangang, fangan
    assert score("反感科技", "方案科技") == 0  # fan gan, fang an
    assert score("TCL", "TCI") == 0
    assert score("晨光A", "辰光B") < 0.85


@lru_cache(maxsize=1)
def _traditional() -> OpenCC:
    return OpenCC("s2t")


@given(NAMES, NAMES)
def test_scores_are_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    found = score(one, other)
    assert 0 <= found <= 1
    assert found == score(other, one)
    assert score(one, one) == 1


@given(st.one_of(CHINESE, LATIN), st.one_of(CHINESE, LATIN))
def test_width_case_and_script_change_nothing(one: str, other: str) -> None:
    expected = score(one, other)
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in one)
    for spelt in (wide, one.upper(), one.lower(), _traditional().convert(one), unicodedata.normalize("NFD", one)):
        assert score(spelt, other) == expected
        assert keys_of(of(spelt)) == keys_of(of(one))


def _by_every_pairing(left: list[str], right: list[str]) -> float:
    """The most that the words of two names have in common, whichever are paired."""

    def alike(one: str, other: str) -> float:
        is_number = any(c.isdigit() for c in one + other)
        found = float(one == other) if is_number else JaroWinkler.similarity(one, other)
        return found if found >= 0.9 else 0.0

    few, many = sorted((left, right), key=len)
    return max(sum(map(alike, few, chosen)) for chosen in permutations(many, len(few)))


@given(LATIN, LATIN)
def test_words_are_paired_nearly_as_well_as_they_can_be(one: str, other: str) -> None:
    left, right = named(one).brand.split(), named(other).brand.split()
    best = _by_every_pairing(left, right)
    found = compare_names(named(one), named(other)).brand * (len(left) + len(right)) / 2
    assert min(abs(found - factor * best) for factor in (1, 0.6)) <= 0.1 * best + 1e-9


@given(CHINESE, CHINESE)
def test_who_may_be_one_shares_a_key(one: str, other: str) -> None:
    """What differs by one character, or by sound alone, is found."""
    left, right = named(one), named(other)
    near = left.brand == right.brand or left.sound == right.sound
    for a, b in ((left.brand, right.brand), (right.brand, left.brand)):
        near |= len(a) > 2 and any(a[:n] + a[n + 1 :] == b for n in range(len(a)))
    keys = [{key.key for key in keys_of(of(name))} for name in (one, other)]
    assert not near or keys[0] & keys[1]


def test_keys() -> None:
    def count(**values: Any) -> int:
        return len(keys_of(of("博雅科技", **values)))

    assert count() == 3  # name, brand, sound
    assert count(phones=["+862112345678"], domain="a.example", tax_id=("CN", "1")) == 6
    assert count(domain="gmail.com", address="x") == 3
    assert {key.words for key in keys_of(of("Blue Harbour of Blue"))} == {0, 3}
    person = profile(is_person=True, names=("王伟",), tax_id=None, phones=["ab", "cd"], domain=None, address=None)
    assert len(keys_of(person)) == 2
