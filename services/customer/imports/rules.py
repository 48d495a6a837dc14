"""Pure rules of imports: states, what a file may be, and how cells are written into the file of errors."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Final

from kit.errors import AppError, Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.customer.imports.enums import FileFormat, ImportState, TextEncoding

NOUN: Final = "import"
MOVES: Moves[ImportState] = {
    "start": Move((ImportState.OPEN,), ImportState.RUNNING),
    "cancel": Move((ImportState.OPEN, ImportState.RUNNING), ImportState.CANCELLED),
    "revert": Move((ImportState.SUCCEEDED, ImportState.FAILED, ImportState.CANCELLED), ImportState.REVERTING),
}
WORKING: Final = (ImportState.RUNNING, ImportState.REVERTING)
"""States in which a job is at work."""

MAX_PART: Final = 8 * 2**20
MAX_FILE: Final = 2**30
MAX_PARTS: Final = 10_000
CHUNK: Final = 2**20
MAX_COLUMNS: Final = 500
BOM: Final = codecs.BOM_UTF8
DELIMITERS: Final = ",;\t|"
_XLSX = b"PK\x03\x04"
_LOOKED_AT: Final = 100_000
_PAIRS = re.compile(rb"[\x81-\xfe](?:([\x80-\xfe]|[0-9][\x81-\xfe][0-9])|[\x40-\x7e])")
_SPECIAL = re.compile(r"'*[=@\t]")


class FileTooLarge(AppError):
    """A part, the whole file, or what a workbook holds."""

    code, status, title = "file-too-large", 413, "The file is too large"


class PartMissing(Conflict):
    """The parts of a file are numbered from 1 without a gap."""

    code, title = "import-part-missing", "A part of the file is missing"


class ImportDryRun(Conflict):
    """A trial wrote nothing, so that there is nothing to take back."""

    code, title = "import-dry-run", "The import was a trial"


class ImportPurged(Conflict):
    """The file, and what rows were before, are kept for seven days."""

    code, title = "import-purged", "What the import needs was deleted after its time"


class EncodingUnknown(Invalid):
    """Neither UTF-8 nor GB18030."""

    code, title = "encoding-unknown", "The file is neither UTF-8 nor GB18030"


class ColumnUnknown(Invalid):
    """The mapping names a column that the file does not have."""

    code, title = "column-unknown", "The file has no such column"


class FieldUnknown(Invalid):
    """The mapping or a constant names a field that the kind does not have."""

    code, title = "field-unknown", "The kind has no such field"


class RequiredColumn(Invalid):
    """A field that each row needs has neither a column nor a constant."""

    code, title = "required-column", "A field that each row needs has no column"


class WorkbookInvalid(Invalid):
    """The file begins as a workbook and is none that can be read."""

    code, title = "workbook-invalid", "The workbook cannot be read"


def format_of(head: bytes) -> FileFormat:
    """How the file is written that begins so."""
    return FileFormat.XLSX if head.startswith(_XLSX) else FileFormat.CSV


class Encodings:
    """Which encodings a file can be in that is fed piece by piece; UTF-8 comes first.

    A western file (`Müller` in Windows-1252) often reads as GB18030: an accent takes the letter behind it along. Of
    hanzi in use most have no such letter; a file of which not most characters are so is in neither.
    """

    def __init__(self) -> None:
        self._decoders = {one: codecs.getincrementaldecoder(one)() for one in TextEncoding}
        self._hanzi = self._others = 0

    def feed(self, data: bytes, *, is_last: bool = False) -> None:
        """Another piece."""
        for one, decoder in list(self._decoders.items()):
            try:
                text = decoder.decode(data, is_last)
            except UnicodeDecodeError:
                del self._decoders[one]
                continue
            if one is TextEncoding.GB18030:
                self._count(text)
        if is_last and self._hanzi <= self._others:
            self._decoders.pop(TextEncoding.GB18030, None)

    def _count(self, text: str) -> None:
        if not text.isascii() and self._hanzi + self._others < _LOOKED_AT:
            found = _PAIRS.findall(text.encode(TextEncoding.GB18030))
            hanzi = sum(map(bool, found))
            self._hanzi, self._others = self._hanzi + hanzi, self._others + len(found) - hanzi

    def found(self) -> TextEncoding:
        """The encoding; raises EncodingUnknown."""
        for one in self._decoders:
            return one
        raise EncodingUnknown()


def encoding_of(head: bytes, *, is_whole: bool) -> TextEncoding:
    """The encoding of a file that begins so; raises EncodingUnknown."""
    guess = Encodings()
    guess.feed(head, is_last=is_whole)
    return guess.found()


def delimiter_of(header: str) -> str:
    """What stands between the cells of a header, outside of quotes: what stands there most, of equals the first."""
    bare = re.sub(r'"(?:[^"]|"")*("|$)', "", header)
    return max(DELIMITERS, key=lambda one: (bare.count(one), -DELIMITERS.index(one)))


def escaped(cell: str) -> str:
    """A cell as the file of errors has it: a program that calculates takes it for text. A telephone number that begins
    with `+` stays as it is."""
    return f"'{cell}" if _SPECIAL.match(cell) else cell


def unescaped(cell: str) -> str:
    """A cell as it was before `escaped`."""
    return cell[1:] if cell.startswith("'") and _SPECIAL.match(cell) else cell


def check_parts(sizes: Mapping[int, int]) -> None:
    """Raises PartMissing for a gap between the parts, or no part at all; sizes by number."""
    for number in range(1, max(sizes, default=1) + 1):
        if number not in sizes:
            raise PartMissing(f"part {number} is missing", extra={"part_no": number})


def check_header(header: Sequence[str]) -> None:
    """Raises Invalid for a header that no row can be read by."""
    if len(header) > MAX_COLUMNS:
        raise RowTooWide(f"at most {MAX_COLUMNS} columns")
    named = [name for name in header if name]
    if not named:
        raise ColumnUnknown("the file has no header")
    for name in named:
        if named.count(name) > 1:
            detail = f"two columns are called {name[:100]}"
            raise ColumnUnknown(detail, errors=[FieldError("/mapping", ColumnUnknown.code, detail)])


class RowTooWide(Invalid):
    """More cells than the header has."""

    code, title = "row-too-wide", "A row has more cells than the header"
