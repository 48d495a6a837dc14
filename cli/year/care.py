"""A company complains and is answered; a contact who allowed it is asked how it was."""

from __future__ import annotations

from typing import Any

from cli.showcase.steps import Law
from cli.year.book import Act, Book

COMPLAINS = 2
"""Number of the company."""
ASSESSED = {"severity": "medium", "complexity": "low", "impact": "low", "immediate_action": False}
SCORE = 9


async def cared(book: Book) -> Act:
    """A complaint goes through its states; a survey is answered; risk counts the complaint."""
    account = book.accounts[COMPLAINS]
    watched = await _watched(book)
    path = await _complained(book, account)

    async def counted() -> bool | None:
        indicator = await book.api.get(f"/v1/indicators/{watched}")
        return True if indicator["value"] else None

    await book.effect("a complaint is counted by risk", counted)
    case = await _answered(book, path)
    answered = await _survey(book, account)
    return Act(
        "A complaint and a survey",
        (
            "A company got cold pizzas, complains, is answered, and the case is closed.",
            f"Its buyer allowed to be asked and gives {SCORE} of 10.",
        ),
        (
            Law("the complaint is closed", case["state"] == "closed"),
            Law("the survey has its answer", answered),
        ),
    )


async def _watched(book: Book) -> str:
    """The complaints of 30 days in the whole company, by the orders confirmed."""
    body = {
        "measure": "complaint_rate",
        "amber": 500_000,
        "red": 900_000,
        "hysteresis": 0,
        "min_sample": 0,
        "owner_id": book.seller(COMPLAINS),
    }
    return str((await book.made("/v1/indicators", body))["id"])


async def _complained(book: Book, account: str) -> str:
    sale = next(sale for sale in reversed(book.sales) if sale.buyer == COMPLAINS)
    body = {
        "kind": "complaint",
        "subject": "Cold on arrival",
        "description": "The whole delivery was cold.",
        "severity": "medium",
        "account_id": account,
        "order_id": book.orders[sale.number],
    }
    return f"/v1/cases/{(await book.made('/v1/cases', body))['id']}"


async def _answered(book: Book, path: str) -> dict[str, Any]:
    await book.api.post(f"{path}/acknowledge")
    await book.api.post(f"{path}/assess", ASSESSED)
    await book.api.post(f"{path}/investigate")
    await book.api.post(f"{path}/respond", {"response": "The next delivery comes in warm boxes."})
    closed: dict[str, Any] = await book.api.post(f"{path}/close", {"accepted": True, "root_cause": "transport"})
    return closed


async def _target(book: Book) -> str:
    """The company wants 60 of 100 to recommend it more than not."""
    body = {
        "name": book.code("Who recommends us"),
        "metric": "nps",
        "rate": 600_000,
        "period_start": book.calendar.start,
        "period_end": book.calendar.end,
        "unit_id": book.units["company"],
    }
    target = (await book.api.post("/v1/targets", body))["id"]
    await book.api.post(f"/v1/targets/{target}/activate")
    return str(target)


async def _survey(book: Book, account: str) -> bool:
    contact = await book.made(
        "/v1/contacts",
        {"account_id": account, "name": "Li Na", "emails": [{"value": f"li.na@{book.run}.buyer.example"}]},
    )
    consent = {
        "purpose": "survey",
        "channel": "email",
        "lawful_basis": "consent",
        "given_at": f"{book.calendar.start}T09:30:00Z",
    }
    await book.api.post(f"/v1/contacts/{contact['id']}/consents", consent)
    target = await _target(book)
    survey = await book.api.post("/v1/surveys", {"kind": "nps", "name": book.code("The year"), "channels": ["email"]})
    path = f"/v1/surveys/{survey['id']}/invitations"
    invited = await book.api.post(path, {"contacts": [{"contact_id": contact["id"]}]})
    await book.api.post(f"/v1/survey-forms/{invited['items'][0]['token']}/answer", {"score": SCORE})

    async def counted() -> bool | None:
        item = (await book.api.get("/v1/attainment", target_id=target))["items"][0]
        return True if item["base"] else None

    await book.effect("an answer counts for the target of satisfaction", counted)
    await book.api.post(f"/v1/surveys/{survey['id']}/close")
    answers = await book.all_of(path)
    return len(answers) == 1 and answers[0]["answered_at"] is not None
