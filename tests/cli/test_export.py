"""Exports go on where they ended, whatever cut them short, and use no memory that grows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.command import Refused
from cli.export import export_to_file
from kit.events.bus import EventBus, Message, Record, TopicPartition
from kit.events.reading import Selection
from kit.testing.postgres import TestServer
from tests.kit.events.world import Tiny, tiny_on


@pytest.fixture
async def tiny(postgres_server: TestServer) -> AsyncIterator[Tiny]:
    async with tiny_on(postgres_server, None) as made:
        yield made


class Breaking:
    """A bus that fails after so many reads."""

    def __init__(self, bus: EventBus, reads: int) -> None:
        self._bus, self._reads = bus, reads
        self.bounds = bus.bounds

    async def read(self, partition: TopicPartition, offset: int, max_records: int) -> list[Record]:
        self._reads -= 1
        if self._reads < 0:
            raise ConnectionError("cut")
        return await self._bus.read(partition, offset, max_records)


async def export(tiny: Tiny, path: Path, selection: Selection | None = None, bus: EventBus | None = None) -> int:
    done = await export_to_file(
        bus or tiny.bus, [tiny.source], selection or Selection(), path, lambda _done, _total: None
    )
    return done.written


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["data"]["n"] for line in path.read_text().splitlines()]


async def test_a_second_export_adds_what_is_new(tiny: Tiny, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    await tiny.publish(*(tiny.event(n) for n in range(700)))
    assert await export(tiny, path) == 700
    await tiny.publish(*(tiny.event(n) for n in range(700, 710)))
    assert await export(tiny, path) == 10
    assert await export(tiny, path) == 0
    assert numbers(path) == list(range(710))


@pytest.mark.parametrize("reads", [0, 1, 3])
async def test_cut_short_it_goes_on_without_gap_or_double(tiny: Tiny, tmp_path: Path, reads: int) -> None:
    path = tmp_path / "events.jsonl"
    await tiny.publish(*(tiny.event(n) for n in range(100)))
    await export(tiny, path)
    await tiny.publish(*(tiny.event(n) for n in range(100, 2000)))
    with pytest.raises(ConnectionError):
        await export(tiny, path, bus=Breaking(tiny.bus, reads))  # type: ignore[arg-type]
    with path.open("a") as torn:
        torn.write('{"half a li')
    await export(tiny, path)
    assert numbers(path) == list(range(2000))


async def test_only_what_is_asked_for(tiny: Tiny, tmp_path: Path) -> None:
    await tiny.publish(*(tiny.event(n, f"key-{n % 3}", f"{tiny.source}.t{n % 2}.v1") for n in range(12)))
    await tiny.bus.publish(tiny.topic, [Message("k", b"not an event", ())])
    assert await export(tiny, tmp_path / "keys", Selection(key="key-1")) == 4
    assert sorted(numbers(tmp_path / "keys")) == [1, 4, 7, 10]
    assert await export(tiny, tmp_path / "types", Selection(types=("*.t0.v1",))) == 6
    all_of_them = await export_to_file(
        tiny.bus, [tiny.source], Selection(), tmp_path / "all", lambda _done, _total: None
    )
    assert (all_of_them.written, all_of_them.undecodable) == (12, 1)


async def test_a_file_of_another_export_is_not_touched(tiny: Tiny, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("mine")
    with pytest.raises(Refused, match=r"no events\.jsonl\.position"):
        await export(tiny, path)
    assert path.read_text() == "mine"
    path.unlink()
    await tiny.publish(*(tiny.event(n) for n in range(5)))
    await export(tiny, path)
    with pytest.raises(Refused, match="other options"):
        await export(tiny, path, Selection(key="k"))
    content = path.read_bytes()
    path.write_bytes(content[:10])
    with pytest.raises(Refused, match="shorter"):
        await export(tiny, path)
    path.write_bytes(content)
    async with tiny.db.transaction() as tx:
        await tx.execute("DELETE FROM log_record")
    with pytest.raises(Refused, match="ends before"):
        await export(tiny, path)
    assert path.read_bytes() == content
