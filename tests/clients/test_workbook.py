"""A report in a spreadsheet program: it opens, texts are texts, the sums that the program makes are those stored."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from services.targets.reports.workbooks import workbook_of
from tests.clients.conftest import NEEDED
from tests.targets.reports.test_files import NAMES, report, target

AMOUNTS = ((10_000_001, 4_500_000), (-7, 3), (0, 0), (10**13, 10**13 - 1), (333_333_334, 99))
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,1"
"""The first sheet: commas, quotes, UTF-8, values as they are and not as they are shown."""


def without_results(content: bytes) -> bytes:
    """The workbook whose formulas have no stored results, so that whoever opens it calculates."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            text = before.read(name)
            if name.startswith("xl/worksheets/"):
                text, found = re.subn(rb"</f><v>[^<]*</v>", b"</f>", text)
                assert name != "xl/worksheets/sheet1.xml" or found == 2, "the two totals"
            after.writestr(name, text)
    return made.getvalue()


def converted(content: bytes, folder: Path) -> list[list[str]]:
    """The first sheet as the spreadsheet program reads and writes it."""
    program = shutil.which("soffice")
    assert program is not None, NEEDED["soffice"]
    (folder / "report.xlsx").write_bytes(content)
    command = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", AS_CSV]
    done = subprocess.run(
        [*command, "--outdir", str(folder), str(folder / "report.xlsx")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    (made,) = folder.glob("report*.csv")
    assert done.returncode == 0, done.stderr
    with made.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0)])
def test_its_sums_are_those_of_the_rows(tmp_path: Path, currency: str, digits: int) -> None:
    rows = [target(name, *pair, product_line=name) for name, pair in zip(NAMES, AMOUNTS, strict=False)]
    counted = target("visits", 3_000, 1_500, metric="visit_count", amount_unit="thousandth")
    titles, *found = converted(without_results(workbook_of(report([*rows, counted], currency=currency))), tmp_path)
    assert len(found) == len(rows) + 2
    for title, place in (("Amount", 0), ("Value", 1)):
        at, scale = titles.index(title), 10**digits
        assert [round(float(line[at]) * scale) for line in found[: len(rows)]] == [pair[place] for pair in AMOUNTS]
        assert round(float(found[-1][at]) * scale) == sum(pair[place] for pair in AMOUNTS)
    assert [line[0] for line in found] == [*NAMES[: len(rows)], "visits", "Total"]
    assert [line[titles.index("Number reached")] for line in found if line[0] == "visits"] == ["1.5"]
