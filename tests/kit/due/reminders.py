"""A due table of the tiny service, for tests: what its steps do, and a runtime on its database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel

from kit import clock
from kit.db.columns import FrozenRow, big_int, identifier, moment, new_registry, text
from kit.db.database import Database
from kit.due.due import Due
from kit.due.tables import DueFailureRow
from kit.events.embedded import EmbeddedBus
from kit.runtime import Runtime, make_runtime
from kit.work import Work
from tests.kit.tiny import SETTINGS


class Base(SQLModel, registry=new_registry()):
    pass


class DueFailure(DueFailureRow, Base, table=True):
    pass


class Reminder(FrozenRow):
    """`kind` says what its step does: once, daily, bad (fails) or left (stays due)."""

    __tablename__ = "reminder"

    id: UUID = identifier(primary_key=True)
    kind: str = text(nullable=False)
    n: int = big_int(nullable=False)
    due_at: datetime | None = moment(nullable=True, default=None)


class ReminderTable(Reminder, Base, table=True):
    pass


DDL = ";".join(
    [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in Base.metadata.sorted_tables]  # type: ignore[no-untyped-call]
    + [
        "CREATE INDEX ix_reminder_due_at ON reminder (due_at) WHERE kind <> 'gone'",
        "CREATE TABLE said (n bigint NOT NULL, due_at timestamptz NOT NULL, detected_at timestamptz NOT NULL)",
    ]
)
_SAY = "INSERT INTO said SELECT n, due_at, detected_at FROM json_populate_recordset(NULL::said, $1::json)"


async def remind(work: Work, rows: Sequence[Reminder]) -> None:
    """Say each row once and take it off the list; a daily one comes again a day after it was due."""
    for row in rows:
        assert row.due_at is not None
        if row.kind == "bad":
            raise ArithmeticError(row.n)
        later = row.due_at + timedelta(days=1) if row.kind == "daily" else None
        if row.kind != "left":
            await work.tx.execute("UPDATE reminder SET due_at = $2 WHERE id = $1", row.id, later)
        work.tx.append(_SAY, [{"n": row.n, "due_at": row.due_at, "detected_at": clock.now()}])


REMINDERS = Due("reminder", Reminder, remind, "t.kind <> 'gone'", batch=7)


def runtime_on(connect: dict[str, Any]) -> Runtime:
    """A runtime of the tiny service on this database."""
    runtime = make_runtime(SETTINGS, bus=EmbeddedBus(connect))
    runtime.db = Database(type(runtime.db.settings)(connect=connect, name="tiny"))
    return runtime
