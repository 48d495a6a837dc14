"""Reports as files: numbers are numbers, sums agree, a text is never a formula."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kit.ids import new_id
from services.targets.events_out.reports import ReportPublished
from services.targets.kpis.enums import KpiLack, KpiUnit
from services.targets.reports.columns import COLUMNS, csv_of
from services.targets.reports.models import Report
from services.targets.reports.schemas import ReportBody
from services.targets.reports.sealing import seal_of
from services.targets.reports.workbooks import SHEETS, workbook_of
from tests.targets.reports.conftest import Desk

NAMES = ("=1+1", "+1", "-1", "@SUM(A1:A9)", "{=1}", "http://x.test", "00123", "名", 'a,"b"', "<&>", "x" * 200)
TITLES = [column.title for column in COLUMNS]
AMOUNT, VALUE = TITLES.index("Amount") + 1, TITLES.index("Value") + 1


def target(name: str, amount: int, value: int, **more: Any) -> dict[str, Any]:
    empty = ("parent_id", "unit_id", "member_id", "product_line", "region", "customer_type")
    return {
        **dict.fromkeys(empty),
        **{"target_id": new_id(), "root_id": new_id(), "name": name, "metric": "revenue", "state": "active"},
        **{"unit_code": "=north", "member_code": None, "period_start": "2026-02-01", "period_end": "2026-02-28"},
        **{"amount": amount, "value": value, "percent": 562_500, "pace": 900_000, "p_hit": None, "p_hit_as_of": None},
        **{"rank": 1, "alert": None, **more},
    }


def kpi(code: str, unit: KpiUnit, **more: Any) -> dict[str, Any]:
    empty = ("value", "numerator", "denominator", "sample_size", "insufficient_data", "previous", "swing")
    return {
        **dict.fromkeys((*empty, "benchmark", "meets_benchmark", "coverage")),
        **{"kpi_id": new_id(), "code": code, "name": f"={code}", "version": 1, "unit": unit, "direction": "higher"},
        **{"is_cost": False, **more},
    }


def report(targets: list[dict[str, Any]], kpis: tuple[dict[str, Any], ...] = (), currency: str = "USD") -> Report:
    body = ReportBody.model_validate(
        {
            **{"unit": {"id": new_id(), "code": "north", "name": "=North"}, "cadence": "weekly"},
            **{"period_key": "2026-W07", "period_start": "2026-02-09", "period_end": "2026-02-15"},
            **{"as_of": "2026-02-15", "currency": currency, "formula_version": 3, "kpi_formula_version": 1},
            **{"calendar_known_until": "2026-12-31", "targets": targets, "kpis": list(kpis)},
            "totals": {name: sum(one[name] for one in targets) for name in ("amount", "value")},
        }
    )
    same = {name: ReportPublished.EXAMPLE[name] for name in ("id", "schedule_id", "unit_id", "cadence")}
    return Report.model_validate(
        {
            **{**same, "period_key": body.period_key, "period_start": body.period_start, "period_end": body.period_end},
            **{"targets": len(targets), "root_ids": (), "body": body, "sha256": seal_of(body.model_dump(mode="json"))},
            **{"due_at": datetime(2026, 2, 15, 22, tzinfo=UTC), "written_at": datetime(2026, 2, 16, tzinfo=UTC)},
            "late_by": 7200,
        }
    )


def opened(content: bytes, *, formulas: bool = False) -> dict[str, Worksheet]:
    """Sheets by name, as another program reads them."""
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=not formulas)
    assert tuple(book.sheetnames) == SHEETS
    assert all(len(name) <= 31 for name in book.sheetnames)
    return {name: book[name] for name in book.sheetnames}


def minor(value: object, digits: int = 2) -> int:
    assert isinstance(value, int | float)
    return round(value * 10.0**digits)


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_numbers_are_numbers_and_totals_the_sums_of_the_rows(currency: str, digits: int) -> None:
    amounts = [(10_000_001, 4_500_000), (-7, 3), (0, 0), (10**13, 10**13 - 1), (333_333_334, 99)]
    rows = [target(f"T{number}", *pair) for number, pair in enumerate(amounts)]
    sheet = opened(workbook_of(report(rows, currency=currency)))["Targets"]
    found = [(sheet.cell(row, AMOUNT), sheet.cell(row, VALUE)) for row in range(2, len(rows) + 2)]
    assert all(cell.data_type == "n" for pair in found for cell in pair)
    assert [(minor(a.value, digits), minor(v.value, digits)) for a, v in found] == amounts
    last = len(rows) + 2
    assert sheet.cell(last, 1).value == "Total"
    for column, place in ((AMOUNT, 0), (VALUE, 1)):
        assert minor(sheet.cell(last, column).value, digits) == sum(pair[place] for pair in amounts)
    assert sheet.max_row == last
    formulas = opened(workbook_of(report(rows, currency=currency)), formulas=True)["Targets"]
    assert formulas.cell(last, AMOUNT).value == f"=SUM(J2:J{last - 1})"
    percent = sheet.cell(2, TITLES.index("Percent") + 1)
    assert (percent.value, percent.number_format) == (0.5625, "0.0%")
    start = sheet.cell(2, TITLES.index("From") + 1)
    assert (start.value, start.number_format) == (datetime(2026, 2, 1), "yyyy-mm-dd")  # noqa: DTZ001  a day has no zone


def test_a_text_is_never_a_formula_nor_a_link_nor_a_number() -> None:
    rows = [target(name, 100, 1, product_line=name) for name in NAMES]
    sheets = opened(workbook_of(report(rows, (kpi("=code", KpiUnit.MINOR_UNIT, value=1),))), formulas=True)
    sheet = sheets["Targets"]
    for row, name in enumerate(NAMES, 2):
        for column in (1, TITLES.index("Product line") + 1):
            cell = sheet.cell(row, column)
            assert (cell.data_type, cell.value, cell.hyperlink) == ("s", name, None)
    formulas = [cell for each in sheets.values() for line in each.iter_rows() for cell in line if cell.data_type == "f"]
    assert len(formulas) == 2, "the totals alone are calculated"
    assert sheets["KPIs"].cell(2, 1).data_type == "s"


def test_a_report_without_targets_sums_to_nothing() -> None:
    sheet = opened(workbook_of(report([])))["Targets"]
    assert (sheet.cell(2, 1).value, sheet.cell(2, AMOUNT).value, sheet.cell(2, VALUE).value) == ("Total", 0, 0)
    assert csv_of(report([])).decode().splitlines()[-1].startswith("total,")


def test_a_unit_may_have_the_code_of_a_title() -> None:
    made = report([])
    body = made.body.model_copy(update={"unit": made.body.unit.model_copy(update={"code": "Report"})})
    titles = next(opened(workbook_of(made.model_copy(update={"body": body})))["Report"].iter_rows(values_only=True))
    assert titles == ("Report", "Report")


def test_kpis_and_facts_have_sheets_of_their_own() -> None:
    kpis = (
        kpi("money", KpiUnit.MINOR_UNIT, value=123_456, swing=-1, previous=123_457, sample_size=3),
        kpi("share", KpiUnit.MILLIONTH, value=308_824, meets_benchmark=True)
        | {"benchmark": {"value": 300_000, "source": "x", "valid_from": "2026-01-01"}},
        kpi("days", KpiUnit.THOUSANDTH, value=25_700),
        kpi("thin", KpiUnit.MILLIONTH, insufficient_data={"reason": KpiLack.DENOMINATOR, "have": 0, "need": 1}),
        kpi("hidden", KpiUnit.MILLIONTH, is_cost=True, is_withheld=True),
    )
    made = report([], kpis)
    sheets = opened(workbook_of(made))
    rows = [[cell.value for cell in line] for line in sheets["KPIs"].iter_rows(min_row=2)]
    assert [row[2] for row in rows] == [1234.56, 0.308824, 25.7, None, None]
    assert rows[0][3:5] == [1234.57, -0.01]
    assert (rows[1][5], rows[1][6], rows[3][9], rows[4][9]) == (0.3, "yes", "denominator", "withheld")
    facts = {line[0].value: line[1].value for line in sheets["Report"].iter_rows(min_row=2)}
    assert (facts["Unit"], facts["Period"], facts["SHA-256"]) == ("=North", "2026-W07", made.sha256)
    assert (facts["Late by seconds"], facts["Targets"]) == (7200, 0)


def test_the_same_report_is_the_same_file() -> None:
    made = report([target("T", 100, 1)])
    assert workbook_of(made) == workbook_of(made)
    assert csv_of(made) == csv_of(made)


def test_csv_is_exact_and_no_cell_is_calculated() -> None:
    rows = [target(name, 10**13 + number, -number) for number, name in enumerate(NAMES)]
    text = csv_of(report(rows)).decode()
    assert text.startswith("\ufeff")
    header, *lines, total = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    found = [dict(zip(header, line, strict=True)) for line in lines]
    assert [one["row"] for one in found] == ["target"] * len(NAMES)
    assert not [cell for one in found for name, cell in one.items() if name != "value" and cell[:1] in set("=+-@\t\r")]
    assert [
        one["name"].removeprefix("'") if one["name"] != name else name for one, name in zip(found, NAMES, strict=True)
    ] == [*NAMES]
    sums = dict(zip(header, total, strict=True))
    for name in ("amount", "value"):
        assert sum(Decimal(one[name]) for one in found) == Decimal(sums[name])
        assert Decimal(sums[name]) * 100 == sum(one[name] for one in rows)
    assert (sums["row"], found[0]["percent"], found[0]["p_hit"]) == ("total", "0.562500", "")


async def test_what_is_downloaded_is_what_is_stored(desk: Desk) -> None:
    await desk.target(name="=cmd|'/c calc'!A1", amount=1_600_000)
    await desk.sold(900_000)
    await desk.schedule()
    await desk.turn(date(2026, 2, 14))
    (one,) = await desk.reports()
    path = f"/v1/reports/{one['id']}/download"
    book = await desk.world.service.get(path)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert book.headers["content-type"] == kind
    assert book.headers["content-disposition"] == f'attachment; filename="report-2026-02-13-{one["id"]}.xlsx"'
    sheet = opened(book.content)["Targets"]
    assert (sheet.cell(2, 1).value, sheet.cell(2, 1).data_type) == ("=cmd|'/c calc'!A1", "s")
    assert [sheet.cell(row, VALUE).value for row in (2, 3)] == [9000, 9000]
    await desk.sold(500, "2026-02-12")
    assert (await desk.world.service.get(f"{path}?format=xlsx")).content == book.content
    told = await desk.world.service.get(f"{path}?format=csv")
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    assert told.text.splitlines()[1].startswith("target,'=cmd|'/c calc'!A1,team-a,")
