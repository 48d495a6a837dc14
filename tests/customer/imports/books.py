"""Workbooks for tests, written as other programs do: the parts that a reader has to understand."""

from __future__ import annotations

import io
import zipfile
from html import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/>'
    '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="4"/></cellXfs></styleSheet>'
)
Cell = str


def text(value: str, column: str, row: int) -> Cell:
    return f'<c r="{column}{row}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def shared(number: int, column: str, row: int) -> Cell:
    return f'<c r="{column}{row}" t="s"><v>{number}</v></c>'


def number(value: str, column: str, row: int, style: int = 0) -> Cell:
    return f'<c r="{column}{row}" s="{style}"><v>{value}</v></c>'


def failed(value: str, column: str, row: int) -> Cell:
    return f'<c r="{column}{row}" t="e"><f>VLOOKUP(A1,B:B,1,0)</f><v>{value}</v></c>'


def book(
    *rows: tuple[int, str], strings: tuple[str, ...] = (), is_1904: bool = False, head: str = "", hidden: str = ""
) -> bytes:
    """A workbook of (row number, cells); before them, on request, a sheet that is not shown (`hidden`, its state)."""
    sheet = "".join(f'<row r="{n}">{cells}</row>' for n, cells in rows)
    items = "".join(f"<si><t>{escape(one)}</t><rPh><t>x</t></rPh></si>" for one in strings)
    before = f'<sheet name="B" sheetId="2" state="{hidden}" r:id="rId2"/>' if hidden else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'{head}<workbook {_MAIN} xmlns:r="{_REL}"><workbookPr date1904="{int(is_1904)}"/>'
            f'<sheets>{before}<sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="rId2" Target="worksheets/sheet2.xml"/></Relationships>',
        )
        archive.writestr("xl/styles.xml", _STYLES)
        archive.writestr("xl/sharedStrings.xml", f"<sst {_MAIN}>{items}</sst>")
        archive.writestr("xl/worksheets/sheet2.xml", f"<worksheet {_MAIN}><sheetData/></worksheet>")
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {_MAIN}><sheetData>{sheet}</sheetData></worksheet>")
    return out.getvalue()
