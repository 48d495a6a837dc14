"""A report as a workbook (XLSX), out of what was stored. Numbers are numbers, a text is never a formula.

A number in a workbook has 15 digits: amounts that sum to more are exact in the report itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from kit.money import exponent
from services.targets.kpis.enums import KpiUnit
from services.targets.reports.columns import COLUMNS, DIGITS, SUMMED, TOTAL, Kind
from services.targets.reports.models import Report
from services.targets.reports.schemas import ReportKpi

SHEETS: Final = ("Targets", "KPIs", "Report")
_KPIS: Final = (
    *(("Code", 20), ("KPI", 36), ("Value", 16), ("Previous", 16), ("Swing", 16), ("Benchmark", 16)),
    *(("Meets it", 10), ("Better", 10), ("Sample", 12), ("Missing", 16)),
)
_KPI_DIGITS: Final = {KpiUnit.THOUSANDTH: 3, KpiUnit.MILLIONTH: DIGITS[Kind.SHARE]}
Style = object


class Sheet(Protocol):
    """What is used of a sheet of XlsxWriter."""

    def write_string(self, row: int, col: int, string: str, cell_format: Style = None) -> object: ...
    def write_number(self, row: int, col: int, number: float, cell_format: Style = None) -> object: ...
    def write_datetime(self, row: int, col: int, date: date, cell_format: Style = None) -> object: ...
    def write_formula(
        self, row: int, col: int, formula: str, cell_format: Style = None, value: float = 0
    ) -> object: ...
    def set_column(self, first_col: int, last_col: int, width: float) -> object: ...
    def freeze_panes(self, row: int, col: int) -> object: ...


class Book(Protocol):
    """What is used of a workbook of XlsxWriter."""

    def add_worksheet(self, name: str) -> Sheet: ...
    def add_format(self, properties: Mapping[str, object]) -> Style: ...
    def set_properties(self, properties: Mapping[str, object]) -> object: ...
    def close(self) -> object: ...


@dataclass(frozen=True, slots=True)
class _Made:
    """A workbook that is being made, with its styles: by what a column holds, and of titles."""

    book: Book
    digits: int
    styles: Mapping[Kind, Style]
    sums: Style
    bold: Style

    def sheet(self, name: str, titles: Iterable[tuple[str, int]]) -> Sheet:
        """A new sheet with its titles."""
        sheet = self.book.add_worksheet(name)
        for at, (title, width) in enumerate(titles):
            sheet.write_string(0, at, title, self.bold)
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, 1)
        return sheet

    def put(self, sheet: Sheet, row: int, at: int, value: str | int | date | None, kind: Kind) -> None:
        """A value in its cell; nothing where there is none."""
        style = self.styles[kind]
        if isinstance(value, int):
            digits = {**DIGITS, Kind.MONEY: self.digits}.get(kind, 0)
            sheet.write_number(row, at, value / 10**digits, style)
        elif isinstance(value, date):
            sheet.write_datetime(row, at, value, style)
        elif value is not None:
            sheet.write_string(row, at, value, style)


def workbook_of(report: Report) -> bytes:
    """The workbook: the same bytes for the same report."""
    import xlsxwriter

    file = io.BytesIO()
    book: Book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": report.period_key, "created": report.written_at.replace(tzinfo=None)})
    digits = exponent(report.body.currency)
    money = {"num_format": f"#,##0.{'0' * digits}" if digits else "#,##0"}
    styles = {
        Kind.TEXT: book.add_format({"num_format": "@"}),
        Kind.MONEY: book.add_format(money),
        Kind.NUMBER: book.add_format({"num_format": "#,##0.###"}),
        Kind.SHARE: book.add_format({"num_format": "0.0%"}),
        Kind.COUNT: book.add_format({"num_format": "0"}),
        Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    made = _Made(book, digits, styles, book.add_format({**money, "bold": True}), book.add_format({"bold": True}))
    _targets(made, report)
    _kpis(made, report)
    _facts(made, report)
    book.close()
    return file.getvalue()


def _targets(made: _Made, report: Report) -> None:
    sheet = made.sheet(SHEETS[0], [(column.title, column.width) for column in COLUMNS])
    for row, one in enumerate(report.body.targets, 1):
        for at, column in enumerate(COLUMNS):
            made.put(sheet, row, at, column.of(one), column.kind)
    last = len(report.body.targets)
    sheet.write_string(last + 1, 0, TOTAL, made.bold)
    totals = {"amount": report.body.totals.amount, "value": report.body.totals.value}
    for at, column in enumerate(COLUMNS):
        if column.name in SUMMED:
            total = totals[column.name] / 10**made.digits
            letter = chr(ord("A") + at)
            summed = f"=SUM({letter}2:{letter}{last + 1})" if last else "=0"
            sheet.write_formula(last + 1, at, summed, made.sums, total)


def _kpis(made: _Made, report: Report) -> None:
    sheet = made.sheet(SHEETS[1], _KPIS)
    as_they_are = made.book.add_format({"num_format": "#,##0.000"})
    for row, one in enumerate(report.body.kpis, 1):
        style = {KpiUnit.MINOR_UNIT: made.styles[Kind.MONEY], KpiUnit.MILLIONTH: made.styles[Kind.SHARE]}.get(
            one.unit, as_they_are
        )
        scale = 10 ** _KPI_DIGITS.get(one.unit, made.digits)
        figures = (one.value, one.previous, one.swing, one.benchmark.value if one.benchmark else None)
        for at, figure in enumerate(figures, 2):
            if figure is not None:
                sheet.write_number(row, at, figure / scale, style)
        met = {True: "yes", False: "no", None: None}[one.meets_benchmark]
        texts = {0: one.code, 1: one.name, 6: met, 7: str(one.direction), 9: _missing(one)}
        for at, text in texts.items():
            made.put(sheet, row, at, text, Kind.TEXT)
        made.put(sheet, row, 8, one.sample_size, Kind.COUNT)


def _missing(one: ReportKpi) -> str | None:
    if one.is_withheld:
        return "withheld"
    return str(one.insufficient_data.reason) if one.insufficient_data else None


def _facts(made: _Made, report: Report) -> None:
    body = report.body
    sheet = made.sheet(SHEETS[2], [("Report", 24), (body.unit.code, 70)])
    facts: tuple[tuple[str, str | int | date, Kind], ...] = (
        ("Unit", body.unit.name, Kind.TEXT),
        ("Period", body.period_key, Kind.TEXT),
        ("From", body.period_start, Kind.DAY),
        ("To", body.period_end, Kind.DAY),
        ("Currency", body.currency, Kind.TEXT),
        ("Targets", len(body.targets), Kind.COUNT),
        ("Written at", report.written_at.isoformat(timespec="seconds"), Kind.TEXT),
        ("Late by seconds", report.late_by, Kind.COUNT),
        ("SHA-256", report.sha256, Kind.TEXT),
    )
    for row, (name, value, kind) in enumerate(facts, 1):
        made.put(sheet, row, 0, name, Kind.TEXT)
        made.put(sheet, row, 1, value, kind)
