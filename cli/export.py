"""Writing events to a file or to standard output, and going on where the last export ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from cli.command import Refused
from kit.events.bus import EventBus, TopicPartition
from kit.events.envelope import topic_of
from kit.events.reading import Positions, Selection, bounds_of, decode, scan, structured

Progress = Callable[[int, int | None], None]


@dataclass
class Exported:
    """`written` lines, `undecodable` records left out."""

    written: int = 0
    undecodable: int = 0


class Target:
    """A file of lines with `FILE.position` beside it: how long the file was, and the next offsets, at a moment when
    both agreed. After a crash the file is cut to that length, so that no event is in it twice and none is missing."""

    def __init__(self, path: Path, question: dict[str, Any]) -> None:
        self._path = path
        self._note = path.with_name(f"{path.name}.position")
        self._question = question
        self.positions: Positions = {}
        self._kept_at = time.monotonic()
        self.lines = self._open()

    def _open(self) -> BinaryIO:
        if not self._note.exists():
            if self._path.exists():
                raise Refused(f"{self._path} exists and no {self._note.name} says how it was made")
            return self._path.open("wb")
        note = orjson.loads(self._note.read_bytes())
        if note["question"] != self._question:
            raise Refused(f"{self._path} was exported with other options: {note['question']}")
        if not self._path.exists() or self._path.stat().st_size < note["bytes"]:
            raise Refused(f"{self._path} is shorter than {self._note.name} says: remove both to start again")
        for name, offset in note["next"].items():
            topic, _, partition = name.rpartition("-")
            self.positions[TopicPartition(topic, int(partition))] = offset
        lines = self._path.open("r+b")
        lines.truncate(note["bytes"])
        lines.seek(0, os.SEEK_END)
        return lines

    def keep_sometimes(self) -> None:
        """`keep`, at most once a second."""
        if time.monotonic() - self._kept_at > 1:
            self.keep()

    def keep(self) -> None:
        """From here the next export goes on."""
        self._kept_at = time.monotonic()
        self.lines.flush()
        os.fsync(self.lines.fileno())
        note = {
            "question": self._question,
            "bytes": self.lines.tell(),
            "next": {f"{place.topic}-{place.partition}": offset for place, offset in sorted(self.positions.items())},
        }
        fresh = self._note.with_name(f"{self._note.name}.new")
        fresh.write_bytes(orjson.dumps(note, option=orjson.OPT_INDENT_2))
        fresh.replace(self._note)

    def close(self) -> None:
        """What was written since the last `keep` is not kept."""
        self.lines.close()


async def export_to_stdout(
    bus: EventBus, services: Sequence[str], selection: Selection, progress: Progress
) -> Exported:
    """Everything selected that is in the log now, one JSON line an event, in order per partition."""
    done = Exported()
    await _export(bus, services, selection, {}, sys.stdout.buffer, done, progress, lambda: None)
    sys.stdout.buffer.flush()
    return done


async def export_to_file(
    bus: EventBus, services: Sequence[str], selection: Selection, path: Path, progress: Progress
) -> Exported:
    """The same into a file; what is in it already is not read again. Raises Refused for a file of another export."""
    question = {
        "services": list(services),
        "types": list(selection.types),
        "since": selection.since,
        "until": selection.until,
        "key": selection.key,
    }
    target = Target(path, orjson.loads(orjson.dumps(question)))
    done = Exported()
    try:
        await _export(bus, services, selection, target.positions, target.lines, done, progress, target.keep_sometimes)
        target.keep()
    finally:
        target.close()
    return done


async def _export(
    bus: EventBus,
    services: Sequence[str],
    selection: Selection,
    positions: Positions,
    lines: BinaryIO,
    done: Exported,
    progress: Progress,
    keep: Callable[[], None],
) -> None:
    ends: dict[TopicPartition, int] = {}
    for service in services:
        bounds = await bounds_of(bus, topic_of(service), selection)
        ends |= {place: end for place, (_first, end) in bounds.items()}
        for place, (first, end) in bounds.items():
            if positions.get(place, 0) > end:
                raise Refused(f"the log of {place.topic}-{place.partition} ends before what was exported")
            positions[place] = max(first, positions.get(place, 0))
    total, read = sum(end - positions[place] for place, end in ends.items()), 0
    async for records in scan(bus, positions, ends):
        # the positions move when the next chunk is asked for: what is kept here ends before this one
        keep()
        for record in records:
            event = decode(record)
            if event is None:
                done.undecodable += 1
            elif selection.wants(event):
                lines.write(orjson.dumps(structured(event, record)) + b"\n")
                done.written += 1
        read += len(records)
        progress(read, total)
