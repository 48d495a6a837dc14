"""SQL of the members and their memberships."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import insert_rows
from services.targets.members.models import Member, Membership
from services.targets.members.rules import Span

_MEMBERSHIPS = (
    "(SELECT coalesce(jsonb_agg(jsonb_build_object('unit_id', s.unit_id, 'path', u.path, 'valid_from', s.valid_from, "
    "'valid_to', s.valid_to) ORDER BY s.valid_from), '[]') FROM membership s JOIN unit u ON u.id = s.unit_id "
    "WHERE s.member_id = m.id)"
)
_IN_UNIT = (
    "EXISTS (SELECT 1 FROM membership s JOIN unit u ON u.id = s.unit_id WHERE s.member_id = m.id AND u.path && {})"
)

MEMBERS = ListSpec(
    "member m",
    {
        "id": Field("m.id", "uuid"),
        "code": Field("m.code", sortable=True),
        "subject": Field("m.subject", nullable=True),
        "role": Field("m.role"),
        "memberships": Field(_MEMBERSHIPS, "json"),
        "unit_id": Field("m.id", "uuid", match=_IN_UNIT),
        "version": Field("m.version", "int", filterable=False),
        "created_at": Field("m.created_at", "datetime"),
        "updated_at": Field("m.updated_at", "datetime"),
    },
    search=("m.code",),
)

_GET = (
    f"SELECT m.id, m.code, m.subject, m.role, {_MEMBERSHIPS} AS memberships, m.version, m.created_at, m.updated_at "
    "FROM member m WHERE m.id = $1"
)
_SPANS = "SELECT unit_id, valid_from, valid_to FROM membership WHERE member_id = $1 ORDER BY valid_from"
_TAKEN = "SELECT id, code = $1 AS same_code FROM member WHERE code = $1 OR subject = $2 ORDER BY code <> $1 LIMIT 1"
_CODES = "SELECT id, code FROM member WHERE id = ANY($1::uuid[])"


async def add_member(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Insert a member; False when its code or subject is taken."""
    return await insert_rows(tx, Member, [row], "ON CONFLICT DO NOTHING") == 1


async def get_member(tx: Tx, member_id: UUID) -> Row | None:
    """A member's row with `memberships` as JSON text, or None."""
    return await tx.fetchrow(_GET, member_id)


async def get_member_version(tx: Tx, member_id: UUID) -> int | None:
    """Lock a member against other changes and against crediting; returns its version, or None."""
    version: int | None = await tx.fetchval("SELECT version FROM member WHERE id = $1 FOR UPDATE", member_id)
    return version


async def get_taken(tx: Tx, code: str, subject: str | None) -> Row | None:
    """Id of the member that has the code (`same_code`) or else the subject."""
    return await tx.fetchrow(_TAKEN, code, subject)


async def get_codes(tx: Tx, member_ids: Collection[UUID]) -> dict[UUID, str]:
    """Codes of the known ones among `member_ids`."""
    return {row["id"]: row["code"] for row in await tx.fetch(_CODES, list(member_ids))}


async def list_spans(tx: Tx, member_id: UUID) -> list[Span]:
    """Memberships, oldest first."""
    rows = await tx.fetch(_SPANS, member_id)
    return [Span(UUID(str(row["unit_id"])), row["valid_from"], row["valid_to"]) for row in rows]


async def replace_spans(tx: Tx, member_id: UUID, spans: Sequence[Span]) -> None:
    """Set all memberships of a member."""
    await tx.execute("DELETE FROM membership WHERE member_id = $1", member_id)
    rows = [
        {"member_id": member_id, "unit_id": s.unit_id, "valid_from": s.valid_from, "valid_to": s.valid_to}
        for s in spans
    ]
    await insert_rows(tx, Membership, rows)
