"""The risk score of a contract over HTTP."""

from __future__ import annotations

from datetime import date

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Days, account_created
from tests.risk.contracts.drafts import DIRECTOR, OFFICER, act, draft, signed
from tests.risk.disputes.disputed import closed, opened
from tests.risk.redirects.test_decisions import redirect


async def in_force(service: ServiceHarness, path: str) -> None:
    async with service.transaction() as tx:
        await tx.execute("UPDATE contract SET state = 'in_force' WHERE id = $1::uuid", path.rpartition("/")[2])


async def graded(service: ServiceHarness, account_id: object, grade: str) -> None:
    async with service.transaction() as tx:
        await tx.execute("UPDATE credit_profile SET grade = $2 WHERE id = $1", account_id, grade)


async def test_the_example_of_the_requirement(service: ServiceHarness, days: Days) -> None:
    """Grade B, two optional clauses failed, one of four obligations late, 10 % disputed, 12 % of the value in force."""
    days.on(date(2026, 6, 30))
    party, root = new_id(), new_id()
    await service.deliver(account_created(party), account_created(root))
    path = await draft(service, party, value=120)
    contract_id = path.rpartition("/")[2]
    for due, state in (("2026-01-12", "late"), ("2026-02-10", "met"), ("2026-03-10", "met"), ("2026-04-10", "met")):
        body = {"contract_id": contract_id, "title": "Report", "kind": "report", "side": "us", "falls_on": due}
        made = await service.post("/v1/obligations", {**body, "amount": None}, headers=service.headers(*OFFICER))
        assert made.status_code == 201, made.text
        async with service.transaction() as tx:
            done = "met_on = due_on, days_late = 0" if state == "met" else "late_on = due_on + 1"
            sql = f"UPDATE obligation SET state = $2, {done} WHERE id = $1::uuid"
            await tx.execute(sql, made.headers["location"].rpartition("/")[2], state)
    clauses = (await act(service, path, "submit"))["clauses"]
    optional = [one["code"] for one in clauses if not one["is_mandatory"]][:2]
    answers = [{"code": one["code"], "result": "fail" if one["code"] in optional else "pass"} for one in clauses]
    await act(service, path, "review", {"answers": answers})
    await act(service, path, "approve", by=DIRECTOR)
    await in_force(service, path)
    await in_force(service, await draft(service, value=880))
    await graded(service, party, "B")
    dispute = await opened(service, contract_id=contract_id, claim=12)
    found = (await service.get(f"{path}/risk-score")).json()
    assert found["points"] == {
        "grade": "20.000",
        "clauses": "10.000",
        "obligations": "5.000",
        "disputes": "2.000",
        "concentration": "5.000",
    }
    assert (found["score"], found["obligations"], found["late"], found["in_force"]) == (42, 4, 1, 1_000)
    await closed(service, dispute, 0)
    assert (await service.get(f"{path}/risk-score")).json()["score"] == 40
    days.on(date(2027, 1, 12))  # the late one was due 365 days ago
    assert (await service.get(f"{path}/risk-score")).json()["obligations"] == 3
    await service.deliver(*redirect(root, party, new_id()))
    await graded(service, root, "AAA")
    assert (await service.get(f"{path}/risk-score")).json()["points"]["grade"] == "0.000"


async def test_a_contract_without_anything_is_not_rated(service: ServiceHarness) -> None:
    path = await draft(service, value=100)
    found = (await service.get(f"{path}/risk-score")).json()
    assert (found["score"], found["grade"], found["points"]["concentration"]) == (25, "NR", "10.000")
    stranger = service.headers("rep-1", "sales_rep")
    answer = await service.get(f"{path}/risk-score", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "contract-not-found")
