"""SQL of surveys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from kit.db.columns import DECODED, FrozenRow
from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.customer.accounts.lists import joined_root
from services.customer.contacts.models import AllowedChannel
from services.customer.surveys.models import Answer, Invitation
from services.customer.surveys.rules import FATIGUE

_INVITEES: Final = f"""
SELECT c.id, c.account_id, c.archived_at IS NOT NULL AS is_archived, c.preferred_channel, c.channels,
  c.emails IS NOT NULL AS has_email, c.phones IS NOT NULL AS has_phone,
  k.order_id IS NULL OR EXISTS (
    SELECT FROM orders o JOIN account g ON g.id = o.account_id
    WHERE o.id = k.order_id AND coalesce(g.root_id, g.id) = a.id) AS is_order_known
FROM unnest($1::uuid[], $2::uuid[]) AS k (contact_id, order_id) JOIN contact c ON c.id = k.contact_id
{joined_root("c.account_id")}
WHERE {{seen}} ORDER BY c.id FOR SHARE OF c
"""
_TAKE_TURNS: Final = """
INSERT INTO survey_contact AS t (contact_id, last_invited_at)
SELECT id, $2 FROM unnest($1::uuid[]) AS k (id) ORDER BY id
ON CONFLICT (contact_id) DO UPDATE SET last_invited_at = EXCLUDED.last_invited_at
WHERE t.last_invited_at <= EXCLUDED.last_invited_at - $3::interval
RETURNING contact_id
"""
_TAKE: Final = """
UPDATE survey_invitation SET answered_at = $2 WHERE id = $1 AND answered_at IS NULL AND expires_at > $2 RETURNING id
"""
_SCORES: Final = """
SELECT score, count(*) AS answers FROM (
  SELECT {one} n.score FROM survey_answer n {root}
  WHERE n.survey_id = $1 AND ($2::date IS NULL OR n.business_date >= $2)
    AND ($3::date IS NULL OR n.business_date <= $3) AND {seen}
  {order}
) s GROUP BY score ORDER BY score
"""


class Invitee(FrozenRow):
    """A contact as far as inviting it asks; `is_order_known`: what it is to be asked about is its account's."""

    id: UUID
    account_id: UUID
    is_archived: bool
    preferred_channel: str | None
    channels: Annotated[tuple[AllowedChannel, ...], DECODED]
    has_email: bool
    has_phone: bool
    is_order_known: bool


class ScoreCount(NamedTuple):
    """How many gave a score; None: there is none to give."""

    score: int | None
    answers: int


async def invitees(tx: Tx, visible: ScopeQuery, asked: Sequence[tuple[UUID, UUID | None]]) -> dict[UUID, Invitee]:
    """Contacts of (contact, order) that the scope holds; nobody withdraws a consent until the transaction ends."""
    sql = _INVITEES.format(seen=visible.sees("a.owner_id", 3))
    rows = await tx.rows(Invitee, sql, [one for one, _ in asked], [order for _, order in asked], *visible.args)
    return {row.id: row for row in rows}


async def take_turns(tx: Tx, contacts: Collection[UUID], now: datetime) -> set[UUID]:
    """Note that contacts are invited now; which of them may be. Two at once: the second waits, and sees the first."""
    rows = await tx.fetch(_TAKE_TURNS, list(contacts), now, FATIGUE)
    return {row["contact_id"] for row in rows}


async def has_invited(tx: Tx, survey_id: UUID) -> bool:
    """Whether anybody was invited to a survey."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM survey_invitation WHERE survey_id = $1)", survey_id))


async def find_invitation(tx: Tx, digest: bytes) -> Invitation | None:
    """The invitation whose token has this hash."""
    return await tx.row(Invitation, select_sql(Invitation, "token_sha256 = $1"), digest)


async def take_invitation(tx: Tx, invitation_id: UUID, now: datetime) -> bool:
    """Mark an invitation as answered; False when it was, or has expired. Of two at once one gets it."""
    return await tx.fetchval(_TAKE, invitation_id, now) is not None


async def add_answer(tx: Tx, answer: Answer) -> None:
    """Keep an answer."""
    await insert_rows(tx, Answer, [answer])


async def scores_of(
    tx: Tx, visible: ScopeQuery, survey_id: UUID, first: date | None, last: date | None, *, latest: bool
) -> Sequence[ScoreCount]:
    """Scores of a survey by how many gave them, of the contacts that the scope holds."""
    sql = _SCORES.format(
        one="DISTINCT ON (n.contact_id)" if latest else "",
        order="ORDER BY n.contact_id, n.business_date DESC, n.answered_at DESC, n.id DESC" if latest else "",
        root=joined_root("n.account_id"),
        seen=visible.sees("a.owner_id", 4),
    )
    return await tx.rows(ScoreCount, sql, survey_id, first, last, *visible.args)
