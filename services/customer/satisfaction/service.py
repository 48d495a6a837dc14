"""Use cases of satisfaction: accounts are looked at when somebody has answered, and when answers become too old."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from kit import clock
from kit.events import outbox
from kit.ids import new_id
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.events_out.grades import SatisfactionChanged
from services.customer.satisfaction import repository
from services.customer.satisfaction.models import Satisfaction, SatisfactionMark
from services.customer.satisfaction.repository import Told
from services.customer.satisfaction.rules import DAYS, FORMULA_VERSION, Day, Standing, next_turn, standing_on, walk
from services.customer.satisfaction.schemas import AccountSatisfactionRead


class _Looked(NamedTuple):
    """An account after a look at it, and the standings in which its level changed, each with the one before."""

    after: Satisfaction
    moves: Sequence[tuple[Standing, Standing]]


async def mark(work: Work, account_id: UUID) -> None:
    """Let an account be looked at soon."""
    await repository.add_mark(work.tx, SatisfactionMark(id=new_id(), account_id=account_id, due_at=clock.now()))


async def look_at(work: Work, account_ids: Collection[UUID]) -> None:
    """Find how satisfied accounts are today; each change of a level since the last look is told as of its day. What was
    merged counts for what it reads as."""
    roots = await repository.roots_of(work.tx, account_ids)
    rows = await repository.take(work.tx, roots | set(account_ids))
    rows = [row for row in rows if row.id in roots]
    seen = min((row.as_of for row in rows if row.as_of), default=work.today)
    after = date.min if any(row.as_of is None for row in rows) else seen - DAYS
    days = await repository.days_of(work.tx, roots, after)
    looked = [_looked(work, row, days.get(row.id, ())) for row in rows]
    told = await repository.lock_accounts(work.tx, [one.after.id for one in looked if one.moves])
    await repository.save(work.tx, [one.after for one in looked], told)
    await repository.rest(work.tx, set(account_ids) - roots)
    await outbox.say(work, [fact for one in looked for fact in _facts(work, one, told)])


def _looked(work: Work, row: Satisfaction, days: Sequence[Day]) -> _Looked:
    before = Standing(row.as_of or date.min, row.level, row.score, row.sample_size)
    stands = [before, *walk(days, row.as_of, work.today)]
    moves = [(one, other) for one, other in pairwise(stands) if one.level is not other.level]
    last, turn = stands[-1], next_turn(days, work.today)
    values = {
        "level": last.level,
        "score": last.score,
        "sample_size": last.sample_size,
        "as_of": work.today,
        "sequence": row.sequence + len(moves),
        "due_at": clock.start_of_day(work.settings.timezone, turn) if turn else None,
    }
    return _Looked(row.model_copy(update=values), moves)


def _facts(work: Work, one: _Looked, told: dict[UUID, Told]) -> list[tuple[SatisfactionChanged, int]]:
    first = one.after.sequence - len(one.moves) + 1
    return [
        (
            SatisfactionChanged.of(
                one.after,
                account_id=one.after.id,
                stream_key=told[one.after.id].stream_key,
                owner_id=told[one.after.id].owner_id,
                as_of=at.on,
                policy_version=FORMULA_VERSION,
                business_date=work.today,
                old=before.level,
                new=at.level,
                score=at.score,
            ),
            number,
        )
        for number, (before, at) in enumerate(one.moves, first)
    ]


async def read_satisfaction(work: Work, account_id: UUID) -> AccountSatisfactionRead:
    """How satisfied an account is today, those merged into it with it; raises NotFound."""
    root = (await accounts.get_account(work, account_id)).leads_to
    days = await repository.days_of(work.tx, [root], work.today - DAYS)
    found = standing_on(days.get(root, ()), work.today)
    return AccountSatisfactionRead(
        account_id=root,
        as_of=found.on,
        formula_version=FORMULA_VERSION,
        sample_size=found.sample_size,
        score=found.score,
        level=found.level,
    )
