"""Use cases of rule sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit import clock
from kit.db.lists import ListSpec
from kit.db.rows import insert_rows
from kit.db.saved_filters import SavedFilter, parse_saved_filter
from kit.errors import BadQuery, FieldError, Invalid
from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.records import Resource, audit_added, fresh, require
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.accounts.lists import ACCOUNTS
from services.customer.custom_fields import service as custom_fields
from services.customer.custom_fields.enums import CustomResource
from services.customer.rule_sets import repository
from services.customer.rule_sets.models import AccountLabel, Rule, RuleSet
from services.customer.rule_sets.repository import Match
from services.customer.rule_sets.schemas import RuleSetCreate

RUN = "rule-sets.run"
"""Kind of the job that labels all accounts."""
BATCH = 1_000
RULE_SETS = Resource("rule-set", RuleSet, lambda _: None, audited=())


class FilterInvalid(Invalid):
    """The filter of a rule is none of the list of accounts."""

    code, title = "rule-filter-invalid", "The filter of a rule is not valid"


def _checked(spec: ListSpec, number: int, text: str) -> SavedFilter:
    try:
        return parse_saved_filter(spec, text)
    except BadQuery as refused:
        faults = [f"{error.pointer}: {error.detail}" for error in refused.errors] or [refused.detail]
        pointer = f"/rules/{number}/filter"
        raise FilterInvalid(errors=[FieldError(pointer, FilterInvalid.code, fault) for fault in faults]) from None


async def create_rule_set(work: Work, data: RuleSetCreate) -> RuleSet:
    """Add the next version of an axis; raises FilterInvalid."""
    texts = [one.filter for one in data.rules]
    spec = await custom_fields.filtered_by(work, CustomResource.ACCOUNT, ACCOUNTS, texts, kept=True)
    filters = [_checked(spec, number, text) for number, text in enumerate(texts)]
    rules = tuple(Rule(label=one.label, filter=chosen.text) for one, chosen in zip(data.rules, filters, strict=True))
    made = RuleSet(
        **fresh(),
        axis=data.axis,
        number=await repository.next_number(work.tx, data.axis),
        rules=rules,
        fallback=data.default,
        created_by=work.actor.subject,
    )
    await insert_rows(work.tx, RuleSet, [made])
    names = {name for chosen in filters for name in chosen.fields()}
    await custom_fields.keep_uses(work, CustomResource.ACCOUNT, "rule-set", made.id, names)
    await audit_added(work, "rule_set", made.id, data.model_dump(mode="json"))
    return made


async def get_rule_set(work: Work, rule_set_id: UUID) -> RuleSet:
    """A version of a rule set; raises NotFound."""
    return await require(work, RULE_SETS, rule_set_id)


async def start_run(work: Work, rule_set_id: UUID, *, dry_run: bool) -> UUID:
    """Label all accounts by a rule set, as of today: a job. Raises NotFound."""
    await get_rule_set(work, rule_set_id)
    asked = {"rule_set_id": str(rule_set_id), "dry_run": dry_run, "today": work.today.isoformat()}
    job_id = await enqueue(work.tx, RUN, asked, work.actor.subject)
    await audit_added(work, "rule_set_run", job_id, asked)
    return job_id


async def get_run(work: Work, job_id: UUID) -> Any:
    """The job of a run; raises JobNotFound."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != RUN:
        raise JobNotFound
    return job


async def label_some(
    work: Work, asked: Mapping[str, Any], after: UUID
) -> tuple[UUID | None, int, list[tuple[str | None, str | None]]]:
    """One step of a run, in the order of ids: (last account or None at the end, accounts, (label before, after) of
    those that change)."""
    rule_set = await get_rule_set(work, UUID(asked["rule_set_id"]))
    texts = [rule.filter for rule in rule_set.rules]
    spec = await custom_fields.filtered_by(work, CustomResource.ACCOUNT, ACCOUNTS, texts)
    rules: Sequence[SavedFilter] = [parse_saved_filter(spec, text) for text in texts]
    day = work.today.fromisoformat(asked["today"])
    timezone = work.settings.timezone
    found = await repository.next_matches(work.tx, rules, rule_set.axis, after, day, timezone, BATCH)
    labels = {one.account_id: _label(rule_set, one) for one in found}
    if not asked["dry_run"]:
        await repository.put_labels(work.tx, [label for label in labels.values() if label is not None])
        gone = [one.account_id for one in found if labels[one.account_id] is None and one.label is not None]
        await repository.drop_labels(work.tx, rule_set.axis, gone)
    moves = [(one.label, label.label if label else None) for one, label in zip(found, labels.values(), strict=True)]
    changed = [move for move in moves if move[0] != move[1]]
    return (found[-1].account_id if found else None), len(found), changed


def _label(rule_set: RuleSet, one: Match) -> AccountLabel | None:
    label = rule_set.fallback if one.rule is None else rule_set.rules[one.rule].label
    if label is None:
        return None
    return AccountLabel(
        account_id=one.account_id,
        axis=rule_set.axis,
        label=label,
        rule=one.rule,
        rule_set_id=rule_set.id,
        known=orjson.loads(one.known),
        labelled_at=clock.now(),
    )


async def labels_of(work: Work, account_id: UUID) -> list[dict[str, Any]]:
    """Labels of an account, each with its reason; raises NotFound."""
    await accounts.get_account(work, account_id)
    return [{**row, "known": orjson.loads(row["known"])} for row in await repository.labels_of(work.tx, account_id)]
