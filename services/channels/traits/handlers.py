"""Judgements of customer about accounts, folded: the latest of each counts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.channels.events_in.customer import GradeHeard, LifecycleHeard, SegmentHeard
from services.channels.traits import repository
from services.channels.traits.models import AccountGrade, AccountSegment, AccountStage


async def on_grade(tx: Tx, facts: Sequence[Fact[GradeHeard]]) -> None:
    """An account has another grade."""
    latest = {
        fact.data.account_id: AccountGrade(
            account_id=fact.data.account_id, grade=fact.data.new, changed_at=fact.event.time
        )
        for fact in sorted(facts, key=lambda fact: fact.event.time)
    }
    await repository.put_grades(tx, [row for _id, row in sorted(latest.items())])


async def on_stage(tx: Tx, facts: Sequence[Fact[LifecycleHeard]]) -> None:
    """An account is in another stage of life."""
    latest = {
        fact.data.account_id: AccountStage(
            account_id=fact.data.account_id, stage=fact.data.to_stage, changed_at=fact.event.time
        )
        for fact in sorted(facts, key=lambda fact: fact.event.time)
    }
    await repository.put_stages(tx, [row for _id, row in sorted(latest.items())])


async def on_segment(tx: Tx, facts: Sequence[Fact[SegmentHeard]]) -> None:
    """Accounts came to a segment, or left it; contacts have no prices."""
    rows: dict[tuple[UUID, UUID], AccountSegment] = {}
    for heard in sorted((fact.data for fact in facts if fact.data.resource == "account"), key=lambda one: one.version):
        for account_ids, is_member in ((heard.left, False), (heard.joined, True)):
            for account_id in account_ids:
                rows[account_id, heard.id] = AccountSegment(
                    account_id=account_id, segment_id=heard.id, is_member=is_member, version=heard.version
                )
    await repository.put_segments(tx, [row for _key, row in sorted(rows.items())])
