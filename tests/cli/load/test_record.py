"""The load record: what is written is read again, of the same file only."""

from __future__ import annotations

from pathlib import Path

from cli.load.record import load_record, save_record


def test_a_record_belongs_to_the_content_of_a_file(tmp_path: Path) -> None:
    data, folder = tmp_path / "data.txt", tmp_path / "folder"
    data.write_text("one\n")
    record = load_record(folder, data)
    assert (record.done, record.complete) == ({}, False)
    record.done["orders"] = 500
    record.complete = True
    save_record(folder, record)
    assert load_record(folder, data) == record
    moved = data.rename(tmp_path / "other-name.txt")
    assert load_record(folder, moved) == record
    moved.write_text("two\n")
    assert load_record(folder, moved).done == {}


def test_half_a_record_is_never_seen(tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("one\n")
    record = load_record(tmp_path, data)
    record.done["orders"] = 1
    save_record(tmp_path, record)
    # what a run killed while writing leaves behind
    (tmp_path / "load.json.4711").write_bytes(b'{"file_ha')
    assert load_record(tmp_path, data).done == {"orders": 1}
    record.done["orders"] = 2
    save_record(tmp_path, record)
    assert load_record(tmp_path, data).done == {"orders": 2}
