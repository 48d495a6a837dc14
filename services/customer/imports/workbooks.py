"""The first sheet of a workbook (XLSX) that is shown, as CSV. Numbers keep the digits that they have; dates are days.

The parts of a workbook are read as they come; a document type, by which entities could grow, is refused.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import IO, Final
from xml.parsers import expat

from services.customer.imports.cells import LOST
from services.customer.imports.rules import MAX_COLUMNS, FileTooLarge, WorkbookInvalid

MAX_WORKBOOK: Final = 64 * 2**20
MAX_EXPANDED: Final = 512 * 2**20
MAX_ROWS: Final = 200_000
PIECE: Final = 2**16
DIGITS: Final = 15
_DATES = frozenset({*range(14, 18), 22, *range(27, 32), 36, *range(50, 59)})
_TEXTS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]+")
_ROUNDED = Context(prec=DIGITS)
Start = Callable[[str, Mapping[str, str]], None]


def _ignore(*_: object) -> None: ...


def _refuse(*_: object) -> None:
    raise WorkbookInvalid("it declares a document type")


def _parse(
    archive: zipfile.ZipFile, name: str, start: Start, end: Callable[[str], None], text: Callable[[str], None]
) -> Iterator[None]:
    """Read a part of the archive, its names without prefix; yields after each piece."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, values: start(tag.rpartition(":")[2], values)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    with archive.open(name) as stream:
        while piece := stream.read(PIECE):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
        yield


def _read(
    archive: zipfile.ZipFile,
    name: str,
    start: Start,
    end: Callable[[str], None] = _ignore,
    text: Callable[[str], None] = _ignore,
) -> None:
    for _ in _parse(archive, name, start, end, text):
        continue


@dataclass(slots=True)
class _Book:
    """What the cells of a sheet refer to."""

    strings: list[str] = field(default_factory=list)
    dates: set[int] = field(default_factory=set)
    is_1904: bool = False


def _sheet_of(archive: zipfile.ZipFile, book: _Book) -> str:
    """The path of the first sheet that is shown."""
    found: list[str] = []
    paths: dict[str, str] = {}

    def in_book(tag: str, values: Mapping[str, str]) -> None:
        if tag == "workbookPr":
            book.is_1904 = values.get("date1904", "0") in ("1", "true")
        if tag == "sheet" and values.get("state", "visible") == "visible":
            found.extend(value for name, value in values.items() if name.rpartition(":")[2] == "id")

    def in_paths(tag: str, values: Mapping[str, str]) -> None:
        if tag == "Relationship":
            paths[values["Id"]] = values["Target"]

    _read(archive, "xl/workbook.xml", in_book)
    _read(archive, "xl/_rels/workbook.xml.rels", in_paths)
    path = paths[found[0]]
    return path.removeprefix("/") if path.startswith("/") else f"xl/{path}"


def _read_strings(archive: zipfile.ZipFile, book: _Book) -> None:
    said: list[str] = []
    open_tags: list[str] = []

    def end(tag: str) -> None:
        open_tags.pop()
        if tag == "si":
            book.strings.append("".join(said))
            said.clear()

    def text(part: str) -> None:
        if open_tags[-1] == "t" and "rPh" not in open_tags:
            said.append(part)

    _read(archive, "xl/sharedStrings.xml", lambda tag, _: open_tags.append(tag), end, text)


def _read_styles(archive: zipfile.ZipFile, book: _Book) -> None:
    codes: dict[int, str] = {}
    formats: list[int] = []
    open_tags: list[str] = []

    def start(tag: str, values: Mapping[str, str]) -> None:
        open_tags.append(tag)
        if tag == "numFmt":
            codes[int(values["numFmtId"])] = values.get("formatCode", "")
        if tag == "xf" and "cellXfs" in open_tags:
            formats.append(int(values.get("numFmtId", 0)))

    _read(archive, "xl/styles.xml", start, lambda _: _ignore(open_tags.pop()))
    book.dates |= {place for place, number in enumerate(formats) if number in _DATES or is_date(codes.get(number, ""))}


def is_date(code: str) -> bool:
    """Whether a number format of one's own shows a day."""
    bare = _TEXTS.sub("", code).lower()
    return "y" in bare or ("d" in bare and "m" in bare)


def day_of(serial: Decimal, *, is_1904: bool) -> str:
    """The day, and the time where there is one, of the number of days by the one system or the other. The system of
    1900 counts a 29th of February that there was not."""
    whole = int(serial)
    if is_1904:
        day = date(1904, 1, 1) + timedelta(days=whole)
    elif whole == 60:
        return "1900-02-29"
    else:
        day = date(1899, 12, 31 if whole < 60 else 30) + timedelta(days=whole)
    seconds = round((serial - whole) * 86_400)
    if not seconds:
        return day.isoformat()
    return (datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)).isoformat()  # noqa: DTZ001


def number_of(text: str) -> str:
    """A number in digits: of more than 15 a workbook keeps no more, which the mark in front of it says."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return LOST + text
    if number == number.to_integral_value():
        digits = str(int(number))
        return LOST + digits if len(digits.lstrip("-")) > DIGITS else digits
    return format(_ROUNDED.plus(number).normalize(), "f")


class _Sheet:
    """Collects the rows of a sheet."""

    def __init__(self, book: _Book) -> None:
        self._book = book
        self.rows: list[list[str]] = []
        self.count = 0
        self._row: dict[int, str] = {}
        self._number, self._column = 0, -1
        self._type, self._style = "n", -1
        self._said: list[str] = []
        self._tags: list[str] = []

    def start(self, tag: str, values: Mapping[str, str]) -> None:
        """An element begins."""
        self._tags.append(tag)
        if tag == "row":
            self._number = int(values.get("r", self._number + 1))
            self._row, self._column = {}, -1
        elif tag == "c":
            self._column = column_of(values["r"]) if "r" in values else self._column + 1
            self._type, self._style = values.get("t", "n"), int(values.get("s", -1))
            self._said = []

    def text(self, part: str) -> None:
        """Text of an element."""
        if self._tags[-1] in ("v", "t") and "rPh" not in self._tags:
            self._said.append(part)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._tags.pop()
        if tag == "c" and (value := self._value()):
            if self._column >= MAX_COLUMNS:
                raise FileTooLarge(f"at most {MAX_COLUMNS} columns")
            self._row[self._column] = value
        elif tag == "row" and self._row:
            if self._number > MAX_ROWS + 1:
                raise FileTooLarge(f"a sheet has at most {MAX_ROWS} rows")
            if self._number <= self.count:
                raise WorkbookInvalid("its rows are out of order")
            self.rows += [[] for _ in range(self._number - self.count - 1)]
            self.rows.append([self._row.get(place, "") for place in range(max(self._row) + 1)])
            self.count = self._number

    def _value(self) -> str:
        text = "".join(self._said)
        match self._type:
            case "s":
                return self._book.strings[int(text)] if text else ""
            case "b":
                return "true" if text == "1" else "false"
            case "e":
                return LOST + text
            case "n" if text:
                return self._day(text) if self._style in self._book.dates else number_of(text)
        return text

    def _day(self, text: str) -> str:
        try:
            return day_of(Decimal(text), is_1904=self._book.is_1904)
        except (InvalidOperation, OverflowError, ValueError):
            return text


def column_of(reference: str) -> int:
    """The place of a cell such as AB12 in its row, from 0."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise WorkbookInvalid("a cell has no place")
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def rows_of(file: IO[bytes]) -> Iterator[list[str]]:
    """The rows of the first sheet, blank ones as well. Raises FileTooLarge, WorkbookInvalid."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_EXPANDED:
                raise FileTooLarge(f"a workbook holds at most {MAX_EXPANDED} bytes")
            book, names = _Book(), set(archive.namelist())
            path = _sheet_of(archive, book)
            if "xl/sharedStrings.xml" in names:
                _read_strings(archive, book)
            if "xl/styles.xml" in names:
                _read_styles(archive, book)
            sheet = _Sheet(book)
            for _ in _parse(archive, path, sheet.start, sheet.end, sheet.text):
                yield from sheet.rows
                sheet.rows = []
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, KeyError, IndexError, ValueError, EOFError) as error:
        raise WorkbookInvalid(type(error).__name__) from None
    except (NotImplementedError, RuntimeError, OSError) as error:  # compressed or encrypted as we cannot read it
        raise WorkbookInvalid(type(error).__name__) from None


def write_csv(source: IO[bytes], target: IO[bytes]) -> None:
    """Write the first sheet as CSV in UTF-8. Raises FileTooLarge, WorkbookInvalid."""
    text = io.TextIOWrapper(target, "utf-8", errors="replace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    for row in rows_of(source):
        writer.writerow(row)
    text.flush()
    text.detach()
