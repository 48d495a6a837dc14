"""The grammar: what is accepted, what is refused and how the refusal names the fault."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.db.cursors import decode_cursor, encode_cursor
from kit.db.filters import Refused
from kit.db.list_query import split_values
from kit.db.lists import Field, Filter, ListSpec, SortKey, openapi_parameters, parse_query
from kit.errors import BadQuery

SPEC = ListSpec(
    source="orders o",
    fields={
        "id": Field("o.id", "uuid", filterable=False),
        "status": Field("o.status", "text", enum=("draft", "placed")),
        "day": Field("o.day", "date", sortable=True),
        "placed_at": Field("o.placed_at", "datetime", nullable=True, sortable=True),
        "amount": Field("o.amount", "int", sortable=True),
        "rate": Field("o.rate", "decimal"),
        "currency": Field("o.currency", "currency"),
        "note": Field("o.note", "text", nullable=True),
        "open": Field("o.open", "bool"),
        "account_id": Field("o.account_id", "uuid", nullable=True, output=False),
        "details": Field("o.details", "json"),
    },
    search=("o.note",),
    default_sort="-day",
)
HALF = datetime(2026, 1, 1, 0, 0, 0, 500000, UTC)
ACCOUNT = UUID("0190f0e0-0000-7000-8000-000000000001")


def test_nothing_given_takes_the_defaults() -> None:
    query = parse_query(SPEC, [])
    assert query.filters == ()
    assert query.sort == (SortKey("day", True), SortKey("id", True))
    assert (query.q, query.limit, query.cursor, query.count) == (None, 50, None, "none")
    assert query.fields == tuple(name for name in SPEC.fields if name != "account_id")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("status", "placed", Filter("status", "eq", "placed")),
        ("status[in]", "placed,draft", Filter("status", "in", ["placed", "draft"])),
        ("day[gte]", "2024-02-29", Filter("day", "gte", date(2024, 2, 29))),
        ("placed_at[lt]", "2026-01-01T01:30:00.5+01:30", Filter("placed_at", "lt", HALF)),
        ("placed_at", "2026-01-01t00:00:00z", Filter("placed_at", "eq", datetime(2026, 1, 1, tzinfo=UTC))),
        ("placed_at[null]", "true", Filter("placed_at", "null", None)),
        ("placed_at[null]", "false", Filter("placed_at", "notnull", None)),
        ("amount[gt]", "-9223372036854775808", Filter("amount", "gt", -(2**63))),
        ("rate[lte]", "-0.10", Filter("rate", "lte", Decimal("-0.10"))),
        ("currency[ne]", "EUR", Filter("currency", "ne", "EUR")),
        ("note", "", Filter("note", "eq", "")),
        ("note[gte]", "m", Filter("note", "gte", "m")),
        ("open", "false", Filter("open", "eq", False)),
        ("account_id", str(ACCOUNT).upper(), Filter("account_id", "eq", ACCOUNT)),
    ],
)  # fmt: skip
def test_accepted_filters(name: str, value: str, expected: Filter) -> None:
    assert parse_query(SPEC, [(name, value)]).filters == (expected,)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nothing", "1", "unknown-parameter"),
        ("", "", "unknown-parameter"),
        ("id", str(ACCOUNT), "unknown-parameter"),
        ("details", "{}", "unknown-parameter"),
        ("Status", "placed", "unknown-parameter"),
        ("status[]", "placed", "unknown-parameter"),
        ("status[in", "placed", "unknown-parameter"),
        ("status[eq]", "placed", "unknown-operator"),
        ("status[gte]", "placed", "unknown-operator"),
        ("status[null]", "true", "unknown-operator"),
        ("day[like]", "2", "unknown-operator"),
        ("open[in]", "true", "unknown-operator"),
        ("account_id[gt]", str(ACCOUNT), "unknown-operator"),
        ("status", "gone", "unknown-value"),
        ("status[in]", "placed,gone", "unknown-value"),
        ("status[in]", "", "malformed"),
        ("status[in]", "placed,", "malformed"),
        ("amount[in]", ",".join(["1"] * 201), "malformed"),
        ("day", "2026-02-29", "malformed"),
        ("day", "2026-2-9", "malformed"),
        ("day", "2026-W01-1", "malformed"),
        ("day", "0000-01-01", "malformed"),
        ("placed_at", "2026-01-01T00:00:00", "malformed"),
        ("placed_at", "2026-01-01T00:00:00 02:00", "malformed"),
        ("placed_at", "2026-01-01", "malformed"),
        ("placed_at", "2026-01-01T24:00:00Z", "malformed"),
        ("placed_at", "0001-01-01T00:00:00+14:00", "malformed"),
        ("placed_at[null]", "yes", "malformed"),
        ("amount", "9223372036854775808", "out-of-range"),
        ("amount", "1.0", "malformed"),
        ("amount", "٣", "malformed"),
        ("amount", " 1", "malformed"),
        ("amount", "1_0", "malformed"),
        ("rate", "1e3", "malformed"),
        ("rate", "NaN", "malformed"),
        ("currency", "eur", "malformed"),
        ("note", "a\x00", "malformed"),
        ("note", "\ud800", "malformed"),
        ("note", "x" * 501, "too-long"),
        ("open", "1", "malformed"),
        ("account_id", "{" + str(ACCOUNT) + "}", "malformed"),
        ("account_id", ACCOUNT.hex, "malformed"),
        ("sort", "", "unknown-field"),
        ("sort", "note", "unknown-field"),
        ("sort", "--day", "unknown-field"),
        ("sort", "day,-day", "repeated"),
        ("fields", "id,account_id", "unknown-field"),
        ("limit", "0", "out-of-range"),
        ("limit", "201", "out-of-range"),
        ("limit", "+5", "out-of-range"),
        ("limit", "٣", "out-of-range"),
        ("count", "all", "unknown-value"),
        ("q", "  ", "malformed"),
        ("q", "a\x00", "malformed"),
        ("cursor", "", "invalid-cursor"),
    ],
)
def test_refusals_name_the_parameter(name: str, value: str, code: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse_query(SPEC, [(name, value)])
    assert caught.value.status == 400
    assert [(error.pointer, error.code) for error in caught.value.errors] == [(name, code)]
    assert caught.value.errors[0].detail


def test_all_faults_are_told_at_once_and_a_repeated_parameter_is_one() -> None:
    params = [("status", "placed"), ("status", "placed"), ("nope", "1"), ("limit", "x"), ("as_of", "?")]
    with pytest.raises(BadQuery) as caught:
        parse_query(SPEC, params, extra=("as_of",))
    assert [(error.pointer, error.code) for error in caught.value.errors] == [
        ("status", "repeated"),
        ("nope", "unknown-parameter"),
        ("limit", "out-of-range"),
    ]


@pytest.mark.parametrize(
    ("name", "values"), [("sort", ["-day", "id"]), ("fields", ["id", "day"]), ("day[in]", ["2026-01-01", "2026-01-02"])]
)
def test_a_list_is_one_parameter_or_one_per_value(name: str, values: list[str]) -> None:
    once = parse_query(SPEC, [("limit", "3"), (name, ",".join(values))])
    assert parse_query(SPEC, [(name, values[0]), ("limit", "3"), (name, values[1])]) == once
    with pytest.raises(BadQuery):
        parse_query(SPEC, [(name, values[0]), (name, "")])


def test_sort_ends_with_the_key_in_the_direction_before_it() -> None:
    def sort(value: str) -> list[str]:
        return [("-" if key.descending else "") + key.name for key in parse_query(SPEC, [("sort", value)]).sort]

    assert sort("amount") == ["amount", "id"]
    assert sort("amount,-day") == ["amount", "-day", "-id"]
    assert sort("-id") == ["-id"]
    assert sort("amount,id,-day") == ["amount", "id"]


def test_order_of_filters_does_not_matter() -> None:
    params = [("status", "placed"), ("day[gte]", "2026-01-01"), ("day[lt]", "2027-01-01")]
    assert parse_query(SPEC, params) == parse_query(SPEC, params[::-1])


def test_spec_refuses_what_cannot_be_paged_or_reached() -> None:
    with pytest.raises(ValueError, match="never null"):
        ListSpec("t", {"id": Field("id", "uuid", nullable=True)})
    with pytest.raises(ValueError, match="count"):
        ListSpec("t", {"id": Field("id", "uuid"), "count": Field("n", "int")})
    with pytest.raises(ValueError, match="sorted"):
        ListSpec("t", {"id": Field("id", "uuid"), "doc": Field("doc", "json", sortable=True)})


def test_documented_parameters_are_those_accepted() -> None:
    found = {entry["name"]: entry for entry in openapi_parameters(SPEC)}
    assert len(found) == len(openapi_parameters(SPEC))
    assert {"status", "status[in]", "status[ne]", "day[gte]", "placed_at[null]", "q", "sort", "cursor"} <= set(found)
    assert found["status"]["schema"] == {"type": "string", "enum": ["draft", "placed"]}
    assert found["amount[gt]"]["schema"]["maximum"] == 2**63 - 1
    assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert found["status[in]"]["explode"] is False
    for name in found.keys() - {"cursor"}:
        with pytest.raises(BadQuery) as caught:
            parse_query(SPEC, [(name, "\x00")])
        assert not {"unknown-parameter", "unknown-operator"} & {error.code for error in caught.value.errors}
    for name, field in SPEC.fields.items():
        for operator in ("eq", "ne", "in", "gt", "gte", "lt", "lte", "null"):
            written = name if operator == "eq" else f"{name}[{operator}]"
            assert (written in found) == (operator in field.operators())


VALUES = st.lists(st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8")))


@given(secret=st.binary(min_size=16), query=st.binary(), values=VALUES)
def test_cursor_comes_back(secret: bytes, query: bytes, values: list[object]) -> None:
    cursor = encode_cursor(secret, query, values)
    assert decode_cursor(secret, query, cursor) == values
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(values=VALUES, data=st.data())
def test_changed_cursor_is_refused(values: list[object], data: st.DataObject) -> None:
    cursor = encode_cursor(b"secret", b"query", values)
    place = data.draw(st.integers(0, len(cursor)))
    length = data.draw(st.integers(0, 3))
    changed = cursor[:place] + data.draw(st.text(st.characters(), max_size=3)) + cursor[place + length :]
    if changed != cursor:
        with pytest.raises(BadQuery):
            decode_cursor(b"secret", b"query", changed)
    for secret, query in ((b"other", b"query"), (b"secret", b"other")):
        with pytest.raises(BadQuery):
            decode_cursor(secret, query, cursor)


def test_text_is_looked_for_as_it_is_stored() -> None:
    for params in ([("note", "e\u0301")], [("q", "e\u0301")]):
        query = parse_query(SPEC, params)
        assert (query.q or query.filters[0].value) == "\u00e9"


VALUES = st.lists(st.text(st.sampled_from('a,"") (') | st.characters(), min_size=1, max_size=8), min_size=1, max_size=5)


def quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if "," in value or value.startswith('"') else value


@given(VALUES)
def test_values_of_a_list_may_hold_commas(values: list[str]) -> None:
    assert split_values(",".join(map(quoted, values))) == values


@pytest.mark.parametrize("text", ['"a', '"a"b', '"a" ,b', 'a,"', '"a""'])
def test_quotes_are_closed_and_followed_by_a_comma(text: str) -> None:
    with pytest.raises(Refused):
        split_values(text)
