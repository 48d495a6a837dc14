"""Where values of people and free texts stand: each mark is put in by one door and looked for in every row of every
table, in what is logged and in what answers that refuse say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customer.conftest import World
from tests.customer.imports.files import imported, text_of
from tests.customer.merges.test_service import merge, settle, unmerge
from tests.customer.surveys.conftest import Forms, days, forms

__all__ = ["days", "forms"]

SEALED = (
    "quillmail", "quillstreet", "quillroad", "quilllead", "quillfile", "quillbroken", "quillevidence", "1957-11",
    "1387654", "138 7654",
)  # fmt: skip
"""Of people; nowhere in clear."""
TEXTS = {
    "quillcustom": {"contact", "custom_value"},
    "quillnote": {"activity"},
    "quilltask": {"activity"},
    "quillcase": {"service_case", "idempotency_key"},
    "quillresponse": {"service_case"},
    "quillanswer": {"survey_answer"},
    "quillreason": {"account_merge", "audit_log"},
}
"""What somebody wrote, and the tables that may hold it."""


async def tables_with(world: World, marks: tuple[str, ...]) -> dict[str, set[str]]:
    """The tables in whose rows each mark stands, as text or as the bytes of it."""
    found: dict[str, set[str]] = {mark: set() for mark in marks}
    names = await world.service.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in (tuple(one.values()) for one in names):
        rows = await world.service.rows(f'SELECT lower(t::text) AS row FROM "{name}" t')
        text = "\n".join(one["row"] for one in rows)
        for mark in marks:
            if mark in text or mark.encode().hex() in text:
                found[mark].add(name)
    return found


def headers(world: World, key: str) -> dict[str, str]:
    return world.service.headers(**{"Idempotency-Key": key, "X-Skip-Duplicate-Check": "true"})


async def people(world: World) -> dict[str, Any]:
    """An account of a person, merged and parted again, a contact with all that one can have, a lead; their account."""
    account = await world.account(external_ids={"erp": "1"})
    persons = []
    for number in (1, 2):
        body = {"kind": "person", "name": f"Zhang {number}", "phone": f"138 7654 310{number}", "address": "Quillroad 1"}
        answer = await world.service.post("/v1/accounts", body, headers=headers(world, f"person-{number}"))
        assert answer.status_code == 201, answer.text
        persons.append(answer.json())
    merged = await merge(world, *persons, reason="quillreason", fields={"phone": "merged"})
    await settle(world)
    await unmerge(world, merged["merge_id"])
    for path in ("facts", "timeline", "duplicates"):
        assert (await world.service.get(f"/v1/accounts/{persons[0]['id']}/{path}")).status_code == 200
    field = {"resource": "contact", "key": "hobby", "type": "text", "indexed": True}
    assert (await world.service.post("/v1/custom-fields", field)).status_code == 201
    contact = {
        "account_id": account["id"],
        "name": "Li Quan",
        "emails": [{"value": "Quillmail@harbour.example"}],
        "phones": [{"value": "138 7654 3001"}],
        "birthday": "1957-11-13",
        "address": "Quillstreet 2",
        "custom": {"hobby": "quillcustom"},
    }
    made = await world.service.post("/v1/contacts", contact, headers=headers(world, "contact"))
    assert made.status_code == 201, made.text
    consent = {"purpose": "marketing", "channel": "email", "lawful_basis": "consent", "evidence": "quillevidence"}
    path = f"/v1/contacts/{made.json()['id']}/consents"
    answer = await world.service.post(
        path, {**consent, "given_at": "2026-01-05T01:00:00Z"}, headers=headers(world, "c")
    )
    assert answer.status_code == 201, answer.text
    lead = {"company": "Pier", "email": "quilllead@harbour.example", "phone": "138 7654 3002"}
    assert (await world.service.post("/v1/leads", lead, headers=headers(world, "lead"))).status_code == 201
    file = text_of(
        ["id", "account", "name", "email", "phone", "birthday"],
        ["K1", "1", "Wu", "quillfile@harbour.example", "138 7654 3003", "1957-11-14"],
        ["K2", "none", "Xu", "quillbroken@harbour.example", "138 7654 3004", "1957-11-15"],
        ["K3", "1", "Yu", "quillbroken at harbour", "138 7654", "1957-11-99"],
    )
    run = await imported(world, "contacts", file, key="id", options={"source": "erp", "account_source": "erp"})
    assert (run["created"], run["failed"]) == (1, 2)
    errors = await world.service.get(f"/v1/imports/{run['id']}/errors")
    assert "quillbroken" in errors.text, "who may read it, reads it"
    return {"account": account, "contact": made.json()}


async def texts(forms: Forms, account: dict[str, Any], contact: dict[str, Any]) -> None:
    """Notes, a case with its answer, an answer to a survey."""
    service = forms.service
    row = {
        "external_id": {"source": "pbx", "id": "1"},
        "kind": "call",
        "account_id": account["id"],
        "subject": "quilltask",
        "notes": {"listen": "quillnote"},
        "outcome": "interested",
    }
    answer = await service.post("/v1/activities/batch", {"rows": [row]}, headers=headers(forms.world, "rows"))
    assert answer.json()["created"] == 1, answer.text
    path = f"/v1/activities/{answer.json()['results'][0]['id']}"
    assert (await service.patch(path, {"notes": {"feedback": "quillnote"}}, 1)).status_code == 200
    path = f"/v1/contacts/{contact['id']}"
    version = (await service.get(path)).json()["version"]
    assert (await service.patch(path, {"custom": {"hobby": "quillcustom 2"}}, version)).status_code == 200
    case = {"kind": "question", "subject": "quillcase", "description": "quillcase", "severity": "low"}
    of = {"account_id": account["id"], "contact_id": contact["id"]}
    made = await service.post("/v1/cases", case | of, headers=headers(forms.world, "case"))
    assert made.status_code == 201, made.text
    path = f"/v1/cases/{made.json()['id']}"
    assert (await service.patch(path, {"description": "quillcase 2"}, made.json()["version"])).status_code == 200
    path = f"{path}/respond"
    assert (await service.post(path, {"response": "quillresponse"})).status_code == 200
    question = {"key": "reason", "kind": "text", "label": "Why?"}
    survey = await forms.survey(questions=[question])
    await forms.consent(contact, "email")
    await forms.answered(survey, contact, score=3, answers={"reason": "quillanswer"})


async def refused(world: World, account: dict[str, Any]) -> str:
    """What is said of values that are none."""
    said = []
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("/v1/contacts", {"account_id": account["id"], "name": "x", "emails": [{"value": "quillmail at none"}]}),
        ("/v1/contacts", {"account_id": account["id"], "name": "x", "phones": [{"value": "138 7654 3"}]}),
        ("/v1/contacts", {"account_id": account["id"], "name": "x", "birthday": "1957-11-99"}),
        ("/v1/contacts/batch", {"rows": [{"account_id": "quillmail", "emails": "quillmail", "name": 1}]}),
        ("/v1/leads", {"company": "x", "email": "quilllead at none"}),
        ("/v1/leads/batch", {"rows": [{"external_id": {"source": "s", "id": "1"}, "phone": "138 7654 3"}]}),
        ("/v1/accounts", {"kind": "person", "name": "x", "phone": "138 7654 3"}),
        ("/v1/segments", {"name": "s", "resource": "contact", "filter": "email=quillmail@harbour.example"}),
        ("/v1/segments", {"name": "s", "resource": "account", "filter": "phone=138 7654 3001"}),
    ]
    for path, body in bodies:
        answer = await world.service.post(path, body)
        assert answer.status_code == (200 if path.endswith("batch") else 422), (path, answer.text)
        said.append(answer.text)
    for query in (
        "contacts?email=quillmail",
        "contacts?phone=138 7654",
        "accounts?phone=138 7654",
        "leads?email=quilllead",
    ):
        answer = await world.service.get(f"/v1/{query}")
        assert answer.status_code in (200, 400), answer.text
        said.append(answer.text)
    return "\n".join(said).lower()


async def test_each_value_stands_where_it_may(forms: Forms, capfd: pytest.CaptureFixture[str]) -> None:
    found = await people(forms.world)
    await texts(forms, **found)
    said = await refused(forms.world, found["account"])
    assert [mark for mark in SEALED if mark in said] == []
    stand = await tables_with(forms.world, (*SEALED, *TEXTS))
    assert {mark: tables for mark, tables in stand.items() if mark in SEALED and tables} == {}
    assert {mark: tables - TEXTS[mark] for mark, tables in stand.items() if tables - TEXTS.get(mark, set())} == {}
    assert [mark for mark in TEXTS if not stand[mark]] == [], "each was written"
    logged = "".join(capfd.readouterr()).lower()
    assert [mark for mark in (*SEALED, *TEXTS) if mark in logged] == []
