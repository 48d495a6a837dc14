"""Workbooks: numbers as they are written, days of both systems, and what is no workbook."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pytest

from services.customer.imports import workbooks
from services.customer.imports.cells import LOST
from services.customer.imports.rules import FileTooLarge, WorkbookInvalid
from services.customer.imports.workbooks import column_of, day_of, is_date, number_of, rows_of
from tests.customer.conftest import World
from tests.customer.imports.books import book, failed, number, shared, text
from tests.customer.imports.files import counts, errors_of, imported
from tests.customer.imports.files import rows_of as rows_of_import


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("123456789012345", "123456789012345"),
        ("1234567890123456", LOST + "1234567890123456"),
        ("1.2345678901234567E17", LOST + "123456789012345670"),
        ("420", "420"),
        ("1E3", "1000"),
        ("0.30000000000000004", "0.3"),
        ("1234.5", "1234.5"),
        ("1E400", LOST + "1E400"),
        ("1E999999999", LOST + "1E999999999"),
        ("x", "x"),
    ],
)
def test_a_number_has_the_digits_that_it_was_written_with(written: str, shown: str) -> None:
    assert number_of(written) == shown


@pytest.mark.parametrize(
    ("serial", "is_1904", "day"),
    [
        ("1", False, "1900-01-01"),
        ("59", False, "1900-02-28"),
        ("60", False, "1900-02-29"),
        ("61", False, "1900-03-01"),
        ("46067", False, "2026-02-14"),
        ("44605", True, "2026-02-14"),
        ("46067.5", False, "2026-02-14T12:00:00"),
    ],
)
def test_days_of_both_systems(serial: str, is_1904: bool, day: str) -> None:
    assert day_of(Decimal(serial), is_1904=is_1904) == day


def test_formats_and_places() -> None:
    assert is_date('yyyy"年"m"月"d"日"')
    assert is_date("dd/mm/yy")
    assert not is_date("0.00")
    assert not is_date('[Red]0.00 "days"')
    assert [column_of(one) for one in ("A1", "Z9", "AA10", "AB2")] == [0, 25, 26, 27]


async def test_a_workbook_becomes_accounts(world: World) -> None:
    header = "".join(shared(place, column, 1) for place, column in enumerate("ABCDE"))
    rows = [
        (1, header),
        (2, number("420", "A", 2) + text("Quay", "B", 2) + text("CN", "C", 2) + number("1234.5", "D", 2, 3)),
        (4, number("1234567890123456", "A", 4) + text("Lost", "B", 4) + text("CN", "C", 4)),
        (5, text("00421", "A", 5) + text("=Harbour", "B", 5) + text("CN", "C", 5) + text("'=x", "E", 5)),
    ]
    data = book(*rows, strings=("id", "name", "country", "annual_revenue_base", "website"))
    run = await imported(world, "accounts", data, key="id", options={"source": "erp"})
    assert (run["state"], run["format"], run["rows_total"]) == ("succeeded", "xlsx", 3)
    assert counts(run) == (2, 0, 0, 1)
    assert [row["row_no"] for row in await rows_of_import(world, run)] == [2, 4, 5]
    assert [line[:3] for line in (await errors_of(world, run))[1:]] == [["4", "id", "precision-lost"]]
    found = await world.service.rows(
        "SELECT e.external_id, a.name, a.annual_revenue_base, a.website FROM account a "
        "JOIN account_external_id e ON e.account_id = a.id ORDER BY 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("00421", "=Harbour", None, "=x"),
        ("420", "Quay", 123_450, None),
    ]
    assert counts(await imported(world, "accounts", data, key="id", options={"source": "erp"})) == (0, 0, 2, 1)


async def test_what_a_formula_could_not_give_is_no_name(world: World) -> None:
    """A cell that shows `#N/A` is no text, in a key least of all; what is written as text is."""
    rows = [
        (1, text("id", "A", 1) + text("name", "B", 1)),
        (2, text("1", "A", 2) + failed("#N/A", "B", 2)),
        (3, failed("#REF!", "A", 3) + text("Quay", "B", 3)),
        (4, text("4", "A", 4) + text("#N/A", "B", 4)),
    ]
    run = await imported(world, "accounts", book(*rows), key="id", options={"source": "erp"})
    assert counts(run) == (1, 0, 0, 2)
    lines = (await errors_of(world, run))[1:]
    assert [(line[:3], line[4:]) for line in lines] == [
        (["2", "name", "formula-failed"], ["1", "#N/A"]),
        (["3", "id", "formula-failed"], ["#REF!", "Quay"]),
    ]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_that_nobody_sees_is_not_the_first(state: str) -> None:
    assert list(rows_of(io.BytesIO(book((1, text("id", "A", 1)), hidden=state)))) == [["id"]]


@pytest.mark.parametrize(("is_1904", "serial"), [(False, "46067"), (True, "44605")])
def test_days_in_a_sheet(is_1904: bool, serial: str) -> None:
    row = number(serial, "A", 1, 1) + number(serial, "B", 1, 2) + number(serial, "D", 1, 0)
    assert list(rows_of(io.BytesIO(book((1, row), is_1904=is_1904)))) == [["2026-02-14", "2026-02-14", "", serial]]


def test_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    far = book((1, text("id", "A", 1)), (200_002, text("x", "A", 200_002)))
    with pytest.raises(FileTooLarge):
        list(rows_of(io.BytesIO(far)))
    wide = book((1, text("x", "ZZZ", 1)))
    with pytest.raises(FileTooLarge):
        list(rows_of(io.BytesIO(wide)))
    monkeypatch.setattr(workbooks, "MAX_EXPANDED", 100)
    with pytest.raises(FileTooLarge):
        list(rows_of(io.BytesIO(book())))


def _bare(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 no archive",
        _bare("xl/other.xml", b"<x/>"),
        _bare("xl/workbook.xml", b"<x>"),
        book((1, shared(7, "A", 1))),
        book((1, '<c r="1" t="inlineStr"><is><t>x</t></is></c>')),
        book((2, text("x", "A", 2)), (1, text("x", "A", 1))),
        book(head='<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'),
        book((1, number("1", "A", 1).replace('s="0"', 's="x"'))),
        book()[:-40],
    ],
)
def test_what_is_no_workbook(data: bytes) -> None:
    with pytest.raises(WorkbookInvalid):
        list(rows_of(io.BytesIO(data)))


async def test_a_workbook_that_is_none_fails_its_import(world: World) -> None:
    run = await imported(world, "accounts", b"PK\x03\x04 no archive")
    assert (run["state"], run["problem"], run["rows_total"]) == ("failed", "workbook-invalid", None)
    run = await imported(world, "accounts", book((1, text("title", "A", 1)), (2, text("x", "A", 2))))
    assert (run["state"], run["problem"]) == ("failed", "required-column")
