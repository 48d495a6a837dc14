"""Values of custom fields: exact, checked by their type, kept where nobody touches them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.custom_fields.enums import CustomType
from services.customer.custom_fields.rules import (
    MAX_BYTES,
    CustomInvalid,
    FieldLimit,
    OptionsInvalid,
    Refused,
    check_limits,
    custom_after,
    keys_asked,
    options_after,
    plain_decimal,
    read_value,
)


@dataclass(frozen=True)
class Choice:
    value: str
    is_withdrawn: bool = False


@dataclass(frozen=True)
class Field:
    key: str
    type: CustomType
    required: bool = False
    options: tuple[Choice, ...] = ()
    is_archived: bool = False


TIERS = (Choice("gold"), Choice("silver"), Choice("old", is_withdrawn=True))
FIELDS = {
    kind.value: Field(kind.value, kind, options=TIERS if kind in ("enum", "multi_enum") else ()) for kind in CustomType
}


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "Cafe\u0301", "Café"),
        ("text", "line\nline", "line\nline"),
        ("int", 2**63 - 1, 2**63 - 1),
        ("int", -(2**63), -(2**63)),
        ("decimal", "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
        ("decimal", "1.500", "1.5"),
        ("decimal", "-0.0", "0"),
        ("decimal", "100", "100"),
        ("money", {"amount": -(10**13), "currency": "CNY"}, {"amount": -(10**13), "currency": "CNY"}),
        ("date", "2024-02-29", "2024-02-29"),
        ("bool", False, False),
        ("enum", "silver", "silver"),
        ("multi_enum", ["silver", "gold"], ["gold", "silver"]),
    ],
)
def test_a_value_is_kept_exactly(kind: str, given: Any, kept: Any) -> None:
    after = custom_after(FIELDS, {kind: given}, {})
    assert after == {kind: kept}
    assert type(after[kind]) is type(kept)
    assert orjson.loads(orjson.dumps(after)) == after


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("text", 5, "wrong-type"),
        ("text", "", "out-of-range"),
        ("text", "x" * 4001, "out-of-range"),
        ("text", "a\x00b", "text-control"),
        ("text", "a\ud800b", "text-control"),
        ("text", "a\u202eb", "text-direction"),
        ("int", True, "wrong-type"),
        ("int", 5.0, "wrong-type"),
        ("int", "5", "wrong-type"),
        ("int", 2**63, "out-of-range"),
        ("int", 10**400, "out-of-range"),
        ("int", float("nan"), "wrong-type"),
        ("int", float("inf"), "wrong-type"),
        ("decimal", 1.5, "wrong-type"),
        ("decimal", 1, "wrong-type"),
        ("decimal", "1e400", "wrong-type"),
        ("decimal", "NaN", "wrong-type"),
        ("decimal", "-Infinity", "wrong-type"),
        ("decimal", "٣", "wrong-type"),
        ("decimal", "01", "wrong-type"),
        ("decimal", "1.", "wrong-type"),
        ("decimal", "1" * 21, "wrong-type"),
        ("decimal", "0." + "1" * 19, "wrong-type"),
        ("decimal", "1\n", "wrong-type"),
        ("money", 5, "wrong-type"),
        ("money", {"amount": 5}, "wrong-type"),
        ("money", {"amount": 5.0, "currency": "CNY"}, "wrong-type"),
        ("money", {"amount": True, "currency": "CNY"}, "wrong-type"),
        ("money", {"amount": 10**13 + 1, "currency": "CNY"}, "wrong-type"),
        ("money", {"amount": 5, "currency": "XXX"}, "wrong-type"),
        ("money", {"amount": 5, "currency": ["CNY"]}, "wrong-type"),
        ("money", {"amount": 5, "currency": "CNY", "more": 1}, "wrong-type"),
        ("date", "2026-02-30", "wrong-type"),
        ("date", "2026-2-3", "wrong-type"),
        ("date", 20260203, "wrong-type"),
        ("date", "1899-12-31", "out-of-range"),
        ("date", "2201-01-01", "out-of-range"),
        ("bool", 1, "wrong-type"),
        ("bool", "true", "wrong-type"),
        ("enum", "old", "unknown-option"),
        ("enum", ["gold"], "unknown-option"),
        ("enum", {"deep": [[[[{}]]]]}, "unknown-option"),
        ("multi_enum", "gold", "wrong-type"),
        ("multi_enum", [], "wrong-type"),
        ("multi_enum", ["gold", "gold"], "repeated"),
        ("multi_enum", ["gold", 5], "unknown-option"),
        ("multi_enum", [["gold"]], "unknown-option"),
        ("surprise", 1, "custom-field-unknown"),
    ],
)
def test_what_is_none_is_refused_by_its_key_and_not_repeated(kind: str, given: Any, code: str) -> None:
    with pytest.raises(CustomInvalid) as refused:
        custom_after(FIELDS, {kind: given}, {})
    (fault,) = refused.value.errors
    assert (fault.pointer, fault.code) == (f"/custom/{kind}", code)
    fault.detail.encode()


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(CustomInvalid) as refused:
        custom_after(FIELDS, {"int": "x", "date": "x", "text": "fine"}, {})
    assert [fault.pointer for fault in refused.value.errors] == ["/custom/int", "/custom/date"]


def test_what_is_not_given_stays_and_null_takes_away() -> None:
    before = {"text": "a", "int": 1}
    assert custom_after(FIELDS, {"int": None, "bool": True, "date": None}, before) == {"text": "a", "bool": True}
    assert before == {"text": "a", "int": 1}


def test_required_binds_what_touches() -> None:
    fields = {**FIELDS, "text": Field("text", CustomType.TEXT, required=True)}
    assert custom_after(fields, {"int": 1}, {"text": "a"}) == {"text": "a", "int": 1}
    for asked, before in (({}, {}), ({"int": 1}, {}), ({"text": None}, {"text": "a"})):
        with pytest.raises(CustomInvalid) as refused:
            custom_after(fields, asked, before)
        assert [(one.pointer, one.code) for one in refused.value.errors] == [("/custom/text", "required")]
    with pytest.raises(CustomInvalid) as refused:
        custom_after(fields, {"text": 5}, {})
    assert [one.code for one in refused.value.errors] == ["wrong-type"]
    archived = {"text": Field("text", CustomType.TEXT, required=True, is_archived=True)}
    assert custom_after(archived, {}, {}) == {}


def test_a_withdrawn_option_stays_where_it_is() -> None:
    before = {"enum": "old", "multi_enum": ["gold", "old"]}
    assert custom_after(FIELDS, {**before, "int": 1}, before) == {**before, "int": 1}
    assert custom_after(FIELDS, {"multi_enum": ["silver", "old"]}, before)["multi_enum"] == ["silver", "old"]
    gone = custom_after(FIELDS, {"enum": "gold", "multi_enum": ["silver"]}, before)
    for asked in ({"enum": "old"}, {"multi_enum": ["old"]}):
        with pytest.raises(CustomInvalid):
            custom_after(FIELDS, asked, gone)


def test_an_archived_field_keeps_its_values_and_gets_no_others() -> None:
    fields = {"text": Field("text", CustomType.TEXT, is_archived=True)}
    assert custom_after(fields, {"text": "a"}, {"text": "a"}) == {"text": "a"}
    assert custom_after(fields, {"text": None}, {"text": "a"}) == {}
    with pytest.raises(CustomInvalid) as refused:
        custom_after(fields, {"text": "b"}, {"text": "a"})
    assert refused.value.errors[0].code == "custom-field-archived"


def test_the_values_of_a_row_have_an_end() -> None:
    fields = {f"t{n}": Field(f"t{n}", CustomType.TEXT) for n in range(9)}
    empty = len(orjson.dumps({f"t{n}": "" for n in range(5)}))
    sizes = [4000, 4000, 4000, 4000, MAX_BYTES - empty - 16_000]
    fits = {f"t{n}": "x" * size for n, size in enumerate(sizes)}
    assert len(orjson.dumps(custom_after(fields, fits, {}))) == MAX_BYTES
    with pytest.raises(CustomInvalid) as refused:
        custom_after(fields, {"t4": fits["t4"] + "x"}, fits)
    assert (refused.value.errors[0].pointer, refused.value.errors[0].code) == ("/custom", "too-long")


def test_options() -> None:
    assert options_after(CustomType.ENUM, ["gold", "bronze"], TIERS) == [
        ("gold", False),
        ("bronze", False),
        ("silver", True),
        ("old", True),
    ]
    assert options_after(CustomType.TEXT, [], ()) == []
    many = [Choice(f"o{n}", is_withdrawn=True) for n in range(500)]
    for kind, asked, before in (
        (CustomType.ENUM, [], ()),
        (CustomType.TEXT, ["a"], ()),
        (CustomType.ENUM, ["a", "a"], ()),
        (CustomType.MULTI_ENUM, ["a"], many),
    ):
        with pytest.raises(OptionsInvalid):
            options_after(kind, asked, before)


def test_limits() -> None:
    check_limits(200, 20)
    for standing, indexed in ((201, 0), (1, 21)):
        with pytest.raises(FieldLimit):
            check_limits(standing, indexed)


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?", fullmatch=True))
def test_a_decimal_keeps_its_value_and_has_one_spelling(text: str) -> None:
    if not text.isascii():
        return
    kept = read_value(FIELDS["decimal"], text)
    assert Decimal(kept) == Decimal(text)
    assert read_value(FIELDS["decimal"], kept) == kept == plain_decimal(kept)


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(st.sampled_from(list(CustomType)), VALUE)
def test_any_value_is_kept_as_it_is_kept_or_refused(kind: CustomType, value: Any) -> None:
    """What is kept once is kept the same again, and can be stored as JSON."""
    try:
        kept = read_value(FIELDS[kind.value], value)
    except Refused:
        return
    assert read_value(FIELDS[kind.value], kept) == kept
    assert orjson.loads(orjson.dumps(kept)) == kept


def test_keys_asked() -> None:
    assert keys_asked(["custom.a", "custom.b[gte]", "customer_type", "q", "custom." + "x" * 999]) == {"a", "b"}
