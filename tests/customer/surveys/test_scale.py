"""As many contacts as one request may name."""

from __future__ import annotations

from kit.ids import derived_id
from tests.customer.surveys.conftest import Forms, count

_CONTACTS = """
INSERT INTO contact (id, account_id, name, roles, channels, emails)
SELECT id, $2::uuid, 'Li', '{}', '[{"channel": "email", "purpose": "survey"}]', 'x' FROM unnest($1::uuid[]) AS k (id)
"""


async def test_five_thousand_are_invited_at_once(forms: Forms) -> None:
    account, survey = await forms.world.account(), await forms.survey()
    ids = [derived_id("invited", number) for number in range(5_000)]
    async with forms.service.transaction() as tx:
        await tx.execute(_CONTACTS, ids, account["id"])
    body = {"contacts": [{"contact_id": str(one)} for one in ids]}
    answer = await forms.service.post(f"/v1/surveys/{survey['id']}/invitations", body)
    assert (answer.status_code, answer.json()["invited"], answer.json()["refused"]) == (200, 5_000, 0)
    assert len({item["token"] for item in answer.json()["items"]}) == 5_000
    assert await count(forms.service, "survey_invitation") == 5_000
    again = await forms.service.post(f"/v1/surveys/{survey['id']}/invitations", body)
    assert {item["refused"] for item in again.json()["items"]} == {"fatigue-cap"}
