"""Sending rows: in order, past what the record says is in, again what waits for a reference, never past a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.load.loader import LoadFailed, _Load, chunks
from cli.load.organisation import Organisation
from cli.load.record import LoadRecord, load_record


class Api:
    """Takes rows; those named in `late` are refused once as not yet known, those in `bad` for good."""

    def __init__(self, late: set[int] = frozenset(), bad: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        self.late, self.bad = set(late), bad
        self.sent: list[list[int]] = []

    async def post(self, _path: str, body: dict[str, Any]) -> dict[str, Any]:
        rows = [row["n"] for row in body["rows"]]
        self.sent.append(rows)
        results = []
        for index, number in enumerate(rows):
            if number in self.late or number in self.bad:
                retryable = number in self.late
                self.late.discard(number)
                problem = {"code": "unknown-reference", "retryable": retryable}
                results.append({"index": index, "status": "problem", "problem": problem})
            else:
                results.append({"index": index, "status": "created"})
        return {"results": results, "problems": sum(result["status"] == "problem" for result in results)}


class Progress:
    def __init__(self) -> None:
        self.rows = 0

    def phase(self, name: str, total: int | None) -> None: ...

    def advance(self, rows: int) -> None:
        self.rows += rows


def load_with(api: Api, folder: Path, record: LoadRecord, progress: Progress, chunk: int = 3) -> _Load:
    organisation = Organisation({}, {}, {}, {})
    return _Load(api, organisation, folder / "data.txt", folder, record, progress, chunk)  # type: ignore[arg-type]


def rows(count: int) -> list[dict[str, Any] | None]:
    return [{"n": number} for number in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.txt").write_text("data\n")
    return tmp_path


async def test_it_goes_on_where_the_record_stands(folder: Path) -> None:
    record, progress, api = load_record(folder, folder / "data.txt"), Progress(), Api()
    record.done["things"] = 4
    assert await load_with(api, folder, record, progress)._send("things", "/v1/things/batch", rows(9)) == 5
    assert api.sent == [[4, 5, 6], [7, 8]]
    assert progress.rows == 9
    assert load_record(folder, folder / "data.txt").done == {"things": 9}
    assert await load_with(api, folder, record, progress)._send("things", "/v1/things/batch", rows(9)) == 0


async def test_rows_that_are_not_wanted_keep_their_places(folder: Path) -> None:
    record, api = LoadRecord("hash"), Api()
    wanted = rows(6)
    wanted[1] = wanted[3] = wanted[4] = wanted[5] = None
    await load_with(api, folder, record, Progress())._send("things", "/v1/things/batch", wanted)
    assert api.sent == [[0, 2]]
    assert record.done == {"things": 6}


async def test_rows_whose_reference_is_on_its_way_are_sent_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_pause(_seconds: float) -> None: ...

    monkeypatch.setattr("cli.load.loader.asyncio.sleep", no_pause)
    api = Api(late={1, 2})
    await load_with(api, folder, LoadRecord("hash"), Progress())._send("things", "/v1/things/batch", rows(4))
    assert api.sent == [[0, 1, 2], [1, 2], [3]]


async def test_a_refused_row_stops_the_load_and_is_not_noted(folder: Path) -> None:
    record, api = load_record(folder, folder / "data.txt"), Api(bad={4})
    with pytest.raises(LoadFailed, match="unknown-reference"):
        await load_with(api, folder, record, Progress())._send("things", "/v1/things/batch", rows(9))
    assert api.sent == [[0, 1, 2], [3, 4, 5]]
    assert load_record(folder, folder / "data.txt").done == {"things": 3}


def test_chunks_hold_everything_once() -> None:
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []
