"""Files as people have them: encodings, delimiters, quotes, amounts, and what goes back to them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.customer.imports.cells import LOST, CellKind, CellRefused, RowProblem, read_cell
from services.customer.imports.columns import Plan, check_required, columns_of, key_column
from services.customer.imports.enums import AmountUnit, EmptyCell, ImportKind, TextEncoding
from services.customer.imports.records import MAX_RECORD, CsvRecords, Record
from services.customer.imports.rules import (
    BOM,
    ColumnUnknown,
    Encodings,
    EncodingUnknown,
    FieldUnknown,
    PartMissing,
    RequiredColumn,
    check_header,
    check_parts,
    delimiter_of,
    encoding_of,
    escaped,
    unescaped,
)


def read_all(data: bytes, piece: int = 1 << 20, *, delimiter: str = ",", encoding: Any = TextEncoding.UTF_8) -> Any:
    """All records of a file that comes in pieces."""
    records, found = CsvRecords(encoding, delimiter), list[Record]()
    for begin in range(0, len(data), piece):
        records.feed(data[begin : begin + piece])
        found += records.take(1_000)
    records.finish()
    while more := records.take(1_000):
        found += more
    return found


def cells_of(data: bytes, **options: Any) -> list[list[str] | None]:
    return [record.cells for record in read_all(data, **options)]


# encodings and delimiters


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"name\nx", TextEncoding.UTF_8),
        ("名称\n博雅".encode(), TextEncoding.UTF_8),
        (BOM + "名称".encode(), TextEncoding.UTF_8),
        ("名称\n博雅科技,𠮷野家".encode("gb18030"), TextEncoding.GB18030),
        ("name\n𠮷".encode("gb18030"), TextEncoding.GB18030),
        ("名稱\n鏽氏貿易,臺灣電腦股份有限公司".encode("gb18030"), TextEncoding.GB18030),
    ],
)
def test_the_encoding_is_that_of_the_whole_file_in_whatever_pieces(data: bytes, encoding: TextEncoding) -> None:
    for piece in (1, 2, len(data)):
        guess = Encodings()
        for begin in range(0, len(data), piece):
            guess.feed(data[begin : begin + piece])
        guess.feed(b"", is_last=True)
        assert guess.found() is encoding


@pytest.mark.parametrize(
    "data",
    [
        *("name".encode("utf-16"), b"name\n\xff\xfe", b"\x81"),
        *(f"name\n{name}\n".encode("cp1252") for name in ("Müller GmbH", "Café Zoé", "Señor Ibáñez", "Åland Öl")),
    ],
)
def test_another_encoding_is_unknown(data: bytes) -> None:
    with pytest.raises(EncodingUnknown):
        encoding_of(data, is_whole=True)
    assert encoding_of("名".encode()[:2], is_whole=False) is TextEncoding.UTF_8  # the rest is still to come


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c,d", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ('"a;b;c",d', ","), ("a", ","), ("a;b", ";")],
)
def test_the_header_tells_the_delimiter(header: str, delimiter: str) -> None:
    assert delimiter_of(header) == delimiter


# records


def test_a_record_is_what_stands_between_quotes_too() -> None:
    data = b'name,note\r\nA,"one\ntwo, three"\r\n\r\nB,"he said ""no"""\r\nC,5" pipe\r\n'
    rows = [["name", "note"], ["A", "one\ntwo, three"], [], ["B", 'he said "no"'], ["C", '5" pipe']]
    for piece in (1, 2, 3, 7, 100):
        assert cells_of(data, piece=piece) == rows
    ends = [record.end for record in read_all(data)]
    assert ends[-1] == len(data)
    again = CsvRecords(TextEncoding.UTF_8, ",", ends[1])
    again.feed(data[ends[1] :])
    again.finish()
    assert [record.cells for record in again.take(9)] == rows[2:]


def test_a_byte_order_mark_is_no_text() -> None:
    for piece in (1, 2, 100):
        assert cells_of(BOM + b"name\nA", piece=piece) == [["name"], ["A"]]


def test_gb18030_has_no_line_feed_within_a_character() -> None:
    data = "名称|备注\n博雅科技|一\n二三|x".encode("gb18030")
    for piece in (1, 3, 100):
        rows = cells_of(data, piece=piece, delimiter="|", encoding=TextEncoding.GB18030)
        assert rows == [["名称", "备注"], ["博雅科技", "一"], ["二三", "x"]]


def test_a_quote_that_is_never_closed_breaks_one_line() -> None:
    data = b'name\nA\n"B,1\nC\nD\n'
    for piece in (1, 100):
        assert cells_of(data, piece=piece) == [["name"], ["A"], None, ["C"], ["D"]]
    assert read_all(data)[2].text == '"B,1'
    endless = b'name\n"B\n' + b"C,1\n" * (MAX_RECORD // 4 + 10)
    rows = cells_of(endless, piece=1 << 16)
    assert rows[:3] == [["name"], None, ["C", "1"]]
    assert len(rows) == 2 + MAX_RECORD // 4 + 10


def test_a_cell_too_long_breaks_its_row_alone() -> None:
    data = b"a,b\n" + b"x" * 200_000 + b",1\nlast,2\n"
    assert cells_of(data, piece=1 << 16) == [["a", "b"], None, ["last", "2"]]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00\ufeff"), max_size=8)


@settings(max_examples=60)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), max_size=12), st.integers(1, 40))
def test_what_is_written_is_read_in_whatever_pieces(rows: list[list[str]], piece: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    assert cells_of(out.getvalue().encode(), piece=piece) == rows


# cells


def read(text: str, kind: CellKind, currency: str = "CNY", unit: AmountUnit = AmountUnit.MAJOR) -> Any:
    try:
        return read_cell(text, kind, currency=currency, unit=unit)
    except CellRefused as refused:
        return refused.code


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("1,234.5", "CNY", 123_450),
        ("¥1234.56", "CNY", 123_456),
        ("1 234", "CNY", "number-invalid"),
        ("１２．５０", "CNY", 1_250),
        ("12.345", "CNY", "amount-precision"),
        ("12.500", "CNY", 1_250),
        ("12.5", "JPY", "amount-precision"),
        ("1000", "JPY", 1_000),
        ("1.234", "KWD", 1_234),
        ("-1", "CNY", -100),
        ("12e3", "CNY", "number-invalid"),
        ("1,23", "CNY", "number-invalid"),
        ("nan", "CNY", "number-invalid"),
        (".", "CNY", "number-invalid"),
        ("9" * 20, "CNY", "number-invalid"),
        ("9" * 40, "CNY", "number-invalid"),
        ("1", "XXY", "currency-unknown"),
    ],
)
def test_amounts_are_major_units_and_never_rounded(text: str, currency: str, amount: int | str) -> None:
    assert read(text, CellKind.AMOUNT, currency) == amount


def test_amounts_in_minor_units() -> None:
    assert read("1234", CellKind.AMOUNT, unit=AmountUnit.MINOR) == 1_234
    assert read("12.5", CellKind.AMOUNT, unit=AmountUnit.MINOR) == "amount-precision"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-14", "2026-02-14"),
        ("2026/2/4", "2026-02-04"),
        ("2026年2月14日", "2026-02-14"),
        ("20260214", "2026-02-14"),
        ("2026-02-14 00:00:00", "2026-02-14"),
        ("14.02.2026", "date-invalid"),
        ("02/14/2026", "date-invalid"),
        ("2026-02-30", "date-invalid"),
    ],
)
def test_days_are_never_guessed_at(text: str, day: str) -> None:
    assert read(text, CellKind.DAY) == day


def test_other_cells() -> None:
    assert read("00420", CellKind.TEXT) == "00420"
    assert read(LOST + "1234567890123456", CellKind.TEXT) == "precision-lost"
    assert read(LOST + "1234567890123456", CellKind.COUNT) == "number-invalid"
    assert read("3.0", CellKind.COUNT) == 3
    assert read("2.5", CellKind.COUNT) == "number-invalid"
    assert read("13%", CellKind.SHARE) == read("0.13", CellKind.SHARE) == 130_000
    assert read("13", CellKind.SHARE) == "share-invalid"
    assert read("a; b；c", CellKind.MANY) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("+8613812345678", "+8613812345678"),
        ("-5", "-5"),
        ("O'Neil", "O'Neil"),
        ("'=x", "''=x"),
        ("'t Hof", "'t Hof"),
    ],
)
def test_the_file_of_errors_calculates_nothing_and_comes_back_as_it_was(cell: str, shown: str) -> None:
    assert escaped(cell) == shown
    assert unescaped(shown) == cell


@given(TEXT)
def test_escaping_is_undone(cell: str) -> None:
    assert unescaped(escaped(cell)) == cell


# columns


def plan(kind: ImportKind, header: list[str], **more: Any) -> Plan:
    key = more.pop("key", None)
    given_plan: dict[str, Any] = {
        "constants": {},
        "source": "file",
        "sources": {"account_ref": "erp", "for_order_ref": "shop"},
        "unit": AmountUnit.MAJOR,
        "empty": EmptyCell.KEEP,
        "base_currency": "CNY",
        "custom": {},
        **more,
    }
    mapping = given_plan.pop("mapping", None)
    columns = columns_of(kind, header, mapping, {})
    return Plan(kind=kind, width=len(header), columns=columns, key=key_column(header, key), **given_plan)


def test_a_row_of_an_account() -> None:
    header = ["编号", "名称", "年收入", "标签", "代码", "备注"]
    mapping = {"名称": "name", "年收入": "annual_revenue_base", "标签": "tags", "代码": "industry_code"}
    found = plan(ImportKind.ACCOUNTS, header, mapping=mapping, key="编号", constants={"industry_scheme": "gbt4754"})
    line = found.read(2, ["007", " 博雅 ", "1,000.5", "a;b", "51", "x"])
    assert line.key == "007"
    assert line.body == {
        "kind": "organization",
        "name": "博雅",
        "annual_revenue_base": 100_050,
        "tags": ["a", "b"],
        "industry": {"scheme": "gbt4754", "code": "51"},
        "external_ids": {"file": "007"},
    }
    assert found.column_of("/annual_revenue_base") == "年收入"
    assert found.column_of("/industry/code") == "代码"
    assert found.column_of("/industry") == "代码"
    assert found.column_of("/external_ids/file") == "编号"
    assert found.column_of("/country") == "country"


def test_what_a_file_lacks_changes_nothing_and_an_empty_cell_only_on_request() -> None:
    header = ["name", "region", "tags", "email", "Phone"]
    kept = plan(ImportKind.ACCOUNTS, header).read(5, ["A", "", ""]).body
    assert kept == {"kind": "organization", "name": "A", "external_ids": {"file": "5"}}
    cleared = plan(ImportKind.ACCOUNTS, header, empty=EmptyCell.CLEAR).read(5, ["A", "", "", "", ""]).body
    assert cleared == {**kept, "region": None, "tags": [], "phone": None}
    header = ["name", "account", "email", "email_2", "phone"]
    body = plan(ImportKind.CONTACTS, header, empty=EmptyCell.CLEAR).read(2, ["A", "C-1", "", "x@y.example", ""]).body
    assert body["emails"] == [{"value": "x@y.example"}]
    assert (body["phones"], body["account_ref"]) == ([], {"source": "erp", "id": "C-1"})


def test_rows_of_orders_and_payments() -> None:
    header = ["account", "currency", "order_date", "sku", "quantity", "unit_price", "tax_rate"]
    line = plan(ImportKind.ORDERS, header, is_placed=True).read(3, ["C-1", "JPY", "19970101", "CD", "2", "15", "10%"])
    assert line.body == {
        "account_ref": {"source": "erp", "id": "C-1"},
        "currency": "JPY",
        "order_date": "1997-01-01",
        "lines": [{"sku": "CD", "quantity": 2, "unit_price": 15, "tax_rate": 100_000}],
        "external_id": {"source": "file", "id": "3"},
        "place": True,
    }
    header = ["account", "currency", "amount", "method", "order"]
    body = plan(ImportKind.PAYMENTS, header).read(2, ["C-1", "CNY", "10.5", "cash", "O-1"]).body
    assert body["allocations"] == [{"order_ref": {"source": "shop", "id": "O-1"}, "amount": 1_050}]


def test_what_is_wrong_with_a_row_names_its_column() -> None:
    found = plan(ImportKind.ORDERS, ["account", "currency", "sku", "quantity", "unit_price", "id"], key="id")
    line = found.read(2, ["C-1", "CNY", "CD", "x", "1.005", "", "", "more"])
    assert [(one.column, one.code) for one in line.problems] == [
        ("id", "key-missing"),
        ("", "row-too-wide"),
        ("quantity", "number-invalid"),
        ("unit_price", "amount-precision"),
    ]
    assert all(isinstance(one, RowProblem) and one.reason for one in line.problems)


def test_what_a_mapping_may_say() -> None:
    header = ["id", "name"]
    with pytest.raises(ColumnUnknown):
        columns_of(ImportKind.ACCOUNTS, header, {"title": "name"}, {})
    with pytest.raises(FieldUnknown):
        columns_of(ImportKind.ACCOUNTS, header, {"name": "grade"}, {})
    with pytest.raises(FieldUnknown):
        columns_of(ImportKind.ACCOUNTS, header, {"name": "name", "id": "name"}, {})
    with pytest.raises(ColumnUnknown):
        key_column(header, "number")
    with pytest.raises(ColumnUnknown):
        check_header(["a", "b", "a"])
    with pytest.raises(RequiredColumn) as missing:
        check_required(ImportKind.CONTACTS, ["name"])
    assert missing.value.errors[0].detail == "no account or account_id"
    check_required(ImportKind.CONTACTS, ["name", "account_id"])
    check_parts({1: 1, 2: 1})
    for sizes in ({}, {2: 1}, {1: 1, 3: 1}):
        with pytest.raises(PartMissing):
            check_parts(sizes)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        *(("￥12", "CNY", 1200), ("12.5元", "CNY", 1250), ("¥ 12", "JPY", 12), ("€5", "EUR", 500)),
        *(("$5", "HKD", 500), ("$5", "CNY", None), ("¥5", "USD", None), ("€5", "CNY", None), ("12元", "USD", None)),
    ],
)
def test_an_amount_under_the_sign_of_another_currency_is_refused(text: str, currency: str, minor: int | None) -> None:
    if minor is not None:
        assert read_cell(text, CellKind.AMOUNT, currency=currency, unit=AmountUnit.MAJOR) == minor
        return
    for kind, said in ((CellKind.AMOUNT, text), (CellKind.MONEY, f"{currency} {text}")):
        with pytest.raises(CellRefused) as refused:
            read_cell(said, kind, currency=currency, unit=AmountUnit.MAJOR)
        assert refused.value.code == "currency-differs"


@pytest.mark.parametrize("kind", [CellKind.COUNT, CellKind.SHARE, CellKind.DECIMAL])
def test_what_is_no_amount_has_no_sign(kind: CellKind) -> None:
    with pytest.raises(CellRefused):
        read_cell("$0.5" if kind is not CellKind.COUNT else "¥12", kind, currency="USD", unit=AmountUnit.MAJOR)


@pytest.mark.parametrize(
    "text", ["(1,234.50)", "1.234,50", "1 234.50", "1e3", "1,23", "12,345,6.7", "5-", "NaN", "∞", "1_000"]
)
def test_a_number_that_could_be_read_two_ways_is_refused(text: str) -> None:
    for kind in (CellKind.AMOUNT, CellKind.COUNT, CellKind.SHARE, CellKind.DECIMAL):
        with pytest.raises(CellRefused):
            read_cell(text, kind, currency="CNY", unit=AmountUnit.MAJOR)


def test_records_of_odd_files() -> None:
    """A mark of the byte order, CRLF, quoted line ends, a trailing delimiter, characters of four bytes."""

    def read(data: bytes, encoding: TextEncoding) -> list[list[str] | None]:
        records = CsvRecords(encoding, ",")
        records.feed(data)
        records.finish()
        return [record.cells for record in records.take(9)]

    text = 'id,name\r\n1,"𠮷野家\r\n分店"\r\n007,𪜀有限,\r\n'
    found = [["id", "name"], ["1", "𠮷野家\r\n分店"], ["007", "𪜀有限", ""]]
    assert read(b"\xef\xbb\xbf" + text.encode(), TextEncoding.UTF_8) == found
    assert read(text.encode("gb18030"), TextEncoding.GB18030) == found
    line = plan(ImportKind.ACCOUNTS, ["id", "name"], key="id").read(3, ["007", "x", ""])
    assert (line.key, line.problems) == ("007", []), "an empty cell behind the last column is none"
