"""The generated contract files: equal to the code, repeatable, and drift is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator
from typer import Exit

from cli.asyncapi import agreed_by, published_by
from cli.contracts import FOLDER, contracts, differences, generate, write
from kit.events.envelope import PARTITIONS, topic_of
from standalone.registry import SERVICES


def test_committed_files_agree_with_the_code() -> None:
    assert differences() == {}, "run `make contracts` and commit the result"


def test_generating_twice_gives_the_same_bytes() -> None:
    first = generate()
    assert generate() == first
    assert all(content.endswith(b"\n") and not content.endswith(b"\n\n") for content in first.values())


def test_environment_does_not_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    before = generate()
    for name, value in {"POSTGRES": "postgresql://other@db:1/", "BASE_CURRENCY": "EUR", "TIMEZONE": "UTC"}.items():
        monkeypatch.setenv(f"CRMESH_{name}", value)
    assert generate() == before


def test_drift_is_seen_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    changed, missing, stale = (
        tmp_path / "events" / f"{name}.json"
        for name in ("customer.order.placed.v1.schema", "customer.order.placed.v1.example", "customer.gone.v1.schema")
    )
    changed.write_text("{}\n")
    missing.unlink()
    stale.write_text("{}\n")
    assert differences(tmp_path) == {changed: "changed", missing: "missing", stale: "stale"}
    with pytest.raises(Exit) as stopped:
        contracts(check=True, folder=tmp_path)
    assert stopped.value.exit_code == 1
    assert "stale: events/customer.gone.v1.schema.json" in capsys.readouterr().out
    contracts(check=False, folder=tmp_path)
    contracts(check=True, folder=tmp_path)
    assert "agree" in capsys.readouterr().out


def test_asyncapi_names_only_files_and_messages_that_exist() -> None:
    document = json.loads((FOLDER / "asyncapi" / "crmesh.json").read_text())
    assert document["channels"].keys() == set(SERVICES)
    for channel in document["channels"].values():
        for message in channel["messages"].values():
            for reference in (message["payload"]["$ref"], message["headers"]["allOf"][0]["$ref"]):
                assert (FOLDER / "asyncapi" / reference).resolve().exists()
    for operation in document["operations"].values():
        for message in operation["messages"]:
            _, _, channel, _, name = message["$ref"].split("/")
            assert name in document["channels"][channel]["messages"]


def test_what_is_agreed_is_documented_and_no_operation_sends_it() -> None:
    document = json.loads((FOLDER / "asyncapi" / "crmesh.json").read_text())
    for service in SERVICES:
        sent = {one["$ref"].rpartition("/")[2] for one in document["operations"][f"{service}.send"]["messages"]}
        messages = document["channels"][service]["messages"]
        assert sent == {model.TYPE for model in published_by(service)}
        assert messages.keys() - sent == {model.TYPE for model in agreed_by(service)}
        for name, message in messages.items():
            assert ("Not published yet" in message["description"]) == (name not in sent)


def test_the_list_of_events_names_all_and_says_which_are_to_come() -> None:
    lines = (FOLDER / "events" / "README.md").read_text().splitlines()
    for service in SERVICES:
        for model in published_by(service):
            assert any(line.startswith(f"| `{model.TYPE}` |") for line in lines)
        for model in agreed_by(service):
            assert any(line.startswith(f"| *agreed* `{model.TYPE}` |") for line in lines)


def test_asyncapi_tells_a_stranger_where_and_how() -> None:
    document = json.loads((FOLDER / "asyncapi" / "crmesh.json").read_text())
    assert document["servers"]["kafka"]["host"] == "{bootstrap}", "whose cluster it is, is not ours to say"
    for service, channel in document["channels"].items():
        binding = channel["bindings"]["kafka"]
        assert channel["address"] == binding["topic"] == topic_of(service)
        assert (binding["partitions"], binding["topicConfiguration"]["retention.ms"]) == (PARTITIONS, -1)
        for name, message in channel["messages"].items():
            assert message["summary"] in message["description"]
            assert "Key of the record" in message["description"]
            (example,) = message["examples"]
            key = Draft202012Validator(message["bindings"]["kafka"]["key"], validate_formats=True)
            key.validate(example["headers"]["ce_partitionkey"])
            assert example["headers"]["ce_type"] == name
            assert example["payload"] == json.loads((FOLDER / "events" / f"{name}.example.json").read_text())


def test_merged_openapi_holds_every_public_operation_of_every_service() -> None:
    merged = json.loads((FOLDER / "openapi" / "crmesh.json").read_text())
    identifiers = [op["operationId"] for item in merged["paths"].values() for op in item.values()]
    assert len(identifiers) == len(set(identifiers))
    assert "x-missing" not in merged
    for service in SERVICES:
        document = json.loads((FOLDER / "openapi" / f"{service}.json").read_text())
        resources = {path for path in document["paths"] if path.startswith("/v1/")}
        assert resources <= merged["paths"].keys()
        for path in resources:
            assert document["paths"][path].keys() == merged["paths"][path].keys()
