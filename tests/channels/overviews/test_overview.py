"""What channels knows of an account, in one answer."""

from __future__ import annotations

from uuid import uuid4

from kit.testing.service import ServiceHarness, make_event
from services.channels.overviews.router import PARTS
from services.channels.roles import REACHES
from services.customer import events_out as customer
from tests.shared_suites.overviews import agrees


async def test_each_part_is_what_its_operation_answers_the_caller(service: ServiceHarness) -> None:
    account = str(uuid4())
    payload = {**customer.AccountCreated.EXAMPLE, "id": account, "stream_key": account}
    await service.deliver(make_event("customer.account.created.v1", payload, account))
    path, values = f"/v1/channel-overviews/accounts/{account}", {"account_id": account}
    seen = {
        role: await agrees(service, path, PARTS, values, "somebody", role)
        for role, reach in REACHES.items()
        if reach == "all"
    }
    assert seen["administrator"] == {"points": "ok", "quotes": "ok"}
    assert seen["service_agent"] == {"points": "refused", "quotes": "refused"}
    for other, headers in ((uuid4(), service.headers()), (account, service.headers("stranger", "sales_rep"))):
        answer = await service.get(f"/v1/channel-overviews/accounts/{other}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "account-not-found")
