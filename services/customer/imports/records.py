"""Records of a CSV file that comes piece by piece. A record knows where it ends, so that reading goes on from there.

Nothing but what has come and was not taken is kept. Lines are cut at their bytes: neither UTF-8 nor GB18030 has a line
feed within a character.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.customer.imports.enums import TextEncoding
from services.customer.imports.rules import BOM

MAX_RECORD: Final = 2**20
"""Bytes of a record: a quote that is never closed would take the rest of the file for one cell."""
MAX_SHOWN: Final = 1_000


class Record(NamedTuple):
    """Cells of a record, None of one that is broken, whose first line `text` begins with; and the byte behind it."""

    cells: list[str] | None
    end: int
    text: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it: it counts as a record and is no row."""
        return self.cells is not None and not any(cell.strip() for cell in self.cells)


class _Dry(Exception):
    """The record goes on in what has not come yet."""


class _Endless(Exception):
    """The record is longer than any may be."""


class CsvRecords:
    """Reads records from byte `at` on, where a record begins."""

    def __init__(self, encoding: TextEncoding, delimiter: str, at: int = 0) -> None:
        self._encoding, self._delimiter = encoding, delimiter
        self._data, self._place, self._begun, self._base = b"", 0, 0, at
        self._is_over = False
        self._lines = _Lines(self)

    def feed(self, data: bytes) -> None:
        """What comes next in the file."""
        self._base += self._place
        self._data, self._place = self._data[self._place :] + data, 0
        if self._base == 0 and self._data.startswith(BOM):
            self._data, self._base = self._data[len(BOM) :], len(BOM)

    def finish(self) -> None:
        """Nothing comes any more."""
        self._is_over = True

    def take(self, most: int) -> list[Record]:
        """Up to so many records; fewer when more of the file is needed, or nothing is left."""
        found: list[Record] = []
        reader = csv.reader(self._lines, delimiter=self._delimiter)
        while len(found) < most:
            self._begun = self._place
            try:
                cells = next(reader)
            except _Dry:
                self._place = self._begun
                break
            except StopIteration:
                break
            except (csv.Error, _Endless):
                found.append(self._broken())
                continue
            if self._is_over and self._place == len(self._data) and self._is_open_quote():
                found.append(self._broken())
                continue
            found.append(Record(cells, self._base + self._place))
        return found

    def _broken(self) -> Record:
        """The first line of the record; reading goes on behind it."""
        end = self._data.find(b"\n", self._begun)
        self._place = len(self._data) if end < 0 else end + 1
        line = self._data[self._begun : self._place]
        return Record(None, self._base + self._place, line.decode(self._encoding, "replace")[:MAX_SHOWN].rstrip("\r\n"))

    def _is_open_quote(self) -> bool:
        """Whether the last record of the file ends within a quote."""
        text = self._data[self._begun : self._place].decode(self._encoding)
        try:
            list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            return "end of data" in str(error)
        return False

    def line(self) -> str:
        """The next line; raises StopIteration at the end, _Dry before it, _Endless."""
        end = self._data.find(b"\n", self._place)
        if end < 0 and not self._is_over:
            if len(self._data) - self._begun > MAX_RECORD:
                raise _Endless
            raise _Dry
        if self._place >= len(self._data):
            raise StopIteration
        begin, self._place = self._place, len(self._data) if end < 0 else end + 1
        if self._place - self._begun > MAX_RECORD:
            raise _Endless
        return self._data[begin : self._place].decode(self._encoding)


class _Lines(Iterator[str]):
    def __init__(self, records: CsvRecords) -> None:
        self._records = records

    def __next__(self) -> str:
        return self._records.line()
