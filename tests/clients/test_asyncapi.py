"""The AsyncAPI document as the official parser reads it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from cli.asyncapi import agreed_by, published_by
from cli.contracts import FOLDER
from standalone.registry import SERVICES
from tests.clients.pages import run

DOCUMENT = FOLDER / "asyncapi" / "crmesh.json"
NEWER = "asyncapi-latest-version"
"""Told of every document that is not of the newest minor version."""
PARSE = """
import { Parser, fromFile } from '@asyncapi/parser'

const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse()
const messages = document?.allMessages().all() ?? []
console.log(JSON.stringify({
  diagnostics: diagnostics.map(one => ({ code: one.code, path: one.path.join('/'), message: one.message })),
  messages: Object.fromEntries(messages.map(one => [one.name(), {
    fields: Object.keys(one.payload().properties() ?? {}),
    examples: one.examples().length,
    key: one.bindings().get('kafka').value().key.type
  }]))
}))
"""


def parsed(document: Path, folder: Path) -> tuple[list[dict[str, str]], dict[str, dict[str, object]]]:
    """What the parser objects to, and the messages it has found."""
    (folder / "parse.mjs").write_text(PARSE)
    answer = json.loads(run(f"node parse.mjs {document}", folder))
    return [one for one in answer["diagnostics"] if one["code"] != NEWER], answer["messages"]


def test_the_official_parser_has_no_objection(folder: Path) -> None:
    complaints, messages = parsed(DOCUMENT, folder)
    assert complaints == []
    models = {model.TYPE: model for name in SERVICES for model in (*published_by(name), *agreed_by(name))}
    assert messages.keys() == models.keys()
    for name, model in models.items():
        assert messages[name] == {"fields": sorted(model.model_fields), "examples": 1, "key": "string"}, name


def test_the_parser_sees_what_is_wrong(folder: Path) -> None:
    shutil.copytree(FOLDER / "events", folder / "events")
    document = json.loads(DOCUMENT.read_text().replace("../events", "./events"))
    document["channels"]["risk"]["address"] = 7
    (folder / "wrong.json").write_text(json.dumps(document))
    complaints, _ = parsed(folder / "wrong.json", folder)
    assert [one["path"] for one in complaints] == ["channels/risk/address"]
