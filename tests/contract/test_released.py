"""Released events hold for ever: in the code, in the checks, and for whoever reads them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from typer import Exit

from cli import releases
from cli.asyncapi import published_by
from cli.contracts import FOLDER, contracts, write
from cli.releases import AlreadyReleased, broken_promises, release, snapshot
from standalone.registry import SERVICES, room

RELEASES = releases.releases(FOLDER)
RELEASED = [
    pytest.param(event_type, event, id=f"{snapshot['version']}:{event_type}")
    for snapshot in RELEASES
    for event_type, event in snapshot["events"].items()
]
MODELS = {model.TYPE: model for service in SERVICES for model in published_by(service)}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A folder with the contracts of the code, all of them released."""
    folder = tmp_path / "contracts"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(releases.FOLDER))
    release(folder)
    return folder


def rewrite(folder: Path, change: Any) -> None:
    """Let the released snapshot have promised something else."""
    (path,) = (folder / releases.FOLDER).glob("*.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_there_is_a_release_and_the_code_keeps_all_of_them() -> None:
    assert RELEASES
    assert broken_promises(FOLDER) == []


@pytest.mark.parametrize(("event_type", "event"), RELEASED)
def test_examples_of_every_release_decode_for_ever(event_type: str, event: dict[str, Any]) -> None:
    """By the producer, whose ledgers fold the log, and by every consumer."""
    example = event["example"]
    MODELS[event_type].model_validate(example)
    for service in SERVICES:
        if heard := room(service, "events_in").HEARD.get(event_type):
            heard.model_validate(example)


@pytest.mark.parametrize(("event_type", "event"), RELEASED)
def test_readers_of_every_release_read_what_is_written_now(event_type: str, event: dict[str, Any]) -> None:
    schema = jsonschema_rs.Draft202012Validator(event["schema"], validate_formats=True)
    schema.validate(event["example"])
    schema.validate(MODELS[event_type].EXAMPLE)


def test_a_broken_promise_fails_the_check_with_its_reason(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def promise_more(document: dict[str, Any]) -> None:
        event = document["events"]["customer.order.placed.v1"]
        event["schema"]["$defs"]["OrderLine"]["properties"]["weight"] = {"type": "integer"}

    rewrite(released, promise_more)
    with pytest.raises(Exit) as stopped:
        contracts(check=True, folder=released)
    assert stopped.value.exit_code == 1
    said = capsys.readouterr().out
    assert "customer.order.placed.v1: lines[].weight was removed" in said
    assert "new version" in said


def test_a_field_added_since_the_release_passes(released: Path) -> None:
    def promise_less(document: dict[str, Any]) -> None:
        schema = document["events"]["customer.account.created.v1"]["schema"]
        del schema["properties"]["region"]
        schema["required"].remove("region")

    rewrite(released, promise_less)
    assert [reason for reason in broken_promises(released) if "region is required" not in reason] == []
    assert len(broken_promises(released)) == 1, "a new field needs a default: the log has events without it"


def test_a_release_is_written_once(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = release(released)
    assert json.loads(path.read_text()) == json.loads(json.dumps(snapshot()))
    rewrite(released, lambda document: document["events"].popitem())
    with pytest.raises(AlreadyReleased):
        release(released)
    with pytest.raises(Exit):
        contracts(check=False, folder=released, with_release=True)
    assert "raise the version" in capsys.readouterr().out


def test_released_snapshots_are_neither_stale_nor_rewritten(released: Path) -> None:
    (path,) = (released / releases.FOLDER).glob("*.json")
    before = path.read_bytes()
    write(released)
    assert path.read_bytes() == before
