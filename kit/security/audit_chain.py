"""The audit log as a chain: each row carries a keyed hash of its content and of the row before it.

Rows are written unsealed, by many transactions at once, and their ids become visible out of order; a sealer chains
them later, in order of id. It seals an id only when no transaction is left that may still bring a smaller one.
A snapshot cannot tell: a transaction draws its id before it has a transaction number. Its table lock can: INSERT takes
it before it draws the id and keeps it to the end. So the sealer notes the largest id it sees, then who holds a lock
for writing on the table; when all of those have ended, every smaller id is there or never will be. Nobody waits for
the sealer.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

import orjson
import structlog

from kit.db.database import Database, Row, Tx

log = structlog.get_logger(__name__)

GENESIS = "0" * 64
BATCH_ROWS = 2000
LOOK_BACK_ROWS = 500
_NOT_SEALED = "not sealed, though a later row is: inserted afterwards, or its hash removed"

_COLUMNS = """id, extract(epoch FROM at)::text AS at, actor, roles, action, resource, resource_id,
    before::text AS before, after::text AS after, reason, request_id, trace_id, prev_hash, hash"""
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('audit-sealer', 0))"
_EXISTS = "SELECT to_regclass('audit_log') IS NOT NULL"
_NEWEST = "SELECT max(id) FROM audit_log"
_WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_log'::regclass AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode = 'RowExclusiveLock'
"""
_HEAD = "SELECT id, hash FROM audit_log WHERE hash IS NOT NULL ORDER BY id DESC LIMIT 1"
_WAITING = """
SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM audit_log
WHERE id > coalesce((SELECT max(id) FROM audit_log WHERE hash IS NOT NULL), 0) ORDER BY id LIMIT 1
"""
_AT = f"SELECT {_COLUMNS} FROM audit_log WHERE id = $1"
_UNSEALED = f"SELECT {_COLUMNS} FROM audit_log WHERE id > $1 AND id <= $2 ORDER BY id LIMIT {BATCH_ROWS}"
_SEAL = """
UPDATE audit_log SET prev_hash = sealed.prev_hash, hash = sealed.hash
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS sealed (id, prev_hash, hash)
WHERE audit_log.id = sealed.id AND audit_log.hash IS NULL
"""
_WALK = f"SELECT {_COLUMNS} FROM audit_log WHERE id > $1 ORDER BY id LIMIT $2"
_SEALED_BEHIND = "SELECT EXISTS (SELECT FROM audit_log WHERE id > $1 AND hash IS NOT NULL)"
_HASH_BEFORE = "SELECT hash FROM audit_log WHERE hash IS NOT NULL AND id < $1 ORDER BY id DESC LIMIT 1"


class ChainChanged(Exception):
    """A row that this sealer has sealed is gone or has another hash: nothing more is sealed on top of it."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """The first row that disagrees with the chain, and why."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `verify` found: rows that hold together, rows not yet sealed, the newest hash, the first broken row."""

    sealed: int
    unsealed: int
    head: str
    broken: BrokenRow | None


def chain_hash(row: Row, prev_hash: str, key: bytes) -> str:
    """HMAC-SHA256 (hex) of the row's content as a JSON array, and of the hash before it. ValueError: empty key."""
    if not key:
        raise ValueError("the audit key is empty")
    content = [
        prev_hash,
        row["id"],
        row["at"],
        row["actor"],
        row["roles"],
        row["action"],
        row["resource"],
        row["resource_id"],
        row["before"],
        row["after"],
        row["reason"],
        row["request_id"],
        row["trace_id"],
    ]
    return hmac.new(key, b"audit-chain\x00" + orjson.dumps(content), hashlib.sha256).hexdigest()


class AuditSealer:
    """Seals the audit log of one database, turn by turn; several may run, one seals at a time.

    It remembers the newest row it has sealed and looks at it again at every turn: who changes sealed rows and has
    them sealed anew is noticed as long as the process lives.
    """

    def __init__(self, db: Database, key: bytes) -> None:
        self._db, self._key = db, key
        self._bound = 0
        self._awaited: set[str] | None = None
        self._sealed_last: tuple[int, str] | None = None

    async def turn(self) -> int:
        """Seal what has settled; the number of rows. Raises ChainChanged."""
        total = sealed = await self._batch()
        while sealed == BATCH_ROWS:
            sealed = await self._batch()
            total += sealed
        if total:
            log.info("audit_sealed", rows=total, last_id=self._sealed_last and self._sealed_last[0])
        return total

    async def waiting_seconds(self, tx: Tx) -> float:
        """Age of the oldest row that is not sealed yet; 0 when all are."""
        return float(await tx.fetchval(_WAITING) or 0.0) if await tx.fetchval(_EXISTS) else 0.0

    async def _batch(self) -> int:
        async with self._db.transaction() as tx:
            if not await tx.fetchval(_EXISTS) or not await tx.fetchval(_LOCK):
                return 0
            await self._check_memory(tx)
            head = await tx.fetchrow(_HEAD)
            last_id, last_hash = (head["id"], head["hash"]) if head else (0, GENESIS)
            if not await self._has_settled(tx, last_id):
                return 0
            rows = await tx.fetch(_UNSEALED, last_id, self._bound)
            if not rows:
                self._awaited = None
                return 0
            prev_hashes, hashes = [], []
            for row in rows:
                prev_hashes.append(last_hash)
                last_hash = chain_hash(row, last_hash, self._key)
                hashes.append(last_hash)
            if await tx.execute(_SEAL, [row["id"] for row in rows], prev_hashes, hashes) != len(rows):
                raise ChainChanged("rows were sealed or deleted meanwhile")
            sealed_last = (rows[-1]["id"], last_hash)
        self._sealed_last = sealed_last
        if len(rows) < BATCH_ROWS:
            self._awaited = None
        return len(rows)

    async def _check_memory(self, tx: Tx) -> None:
        if self._sealed_last is None:
            return
        number, sealed = self._sealed_last
        row = await tx.fetchrow(_AT, number)
        if row is None or row["hash"] != sealed or chain_hash(row, row["prev_hash"], self._key) != sealed:
            raise ChainChanged(f"row {number} is not as it was sealed")

    async def _has_settled(self, tx: Tx, last_id: int) -> bool:
        """Whether every id up to `_bound` is there or never will be."""
        if self._awaited is None:
            newest = await tx.fetchval(_NEWEST)
            if newest is None or newest <= last_id:
                return False
            # in this order: who draws a smaller id later than this look holds the lock already
            self._bound = newest
            self._awaited = await _writers(tx)
        elif self._awaited:
            self._awaited &= await _writers(tx)
        return not self._awaited


async def _writers(tx: Tx) -> set[str]:
    return {row["virtualtransaction"] for row in await tx.fetch(_WRITERS)}


async def verify(tx: Tx, key: bytes, expect: str | None = None, *, since: int | None = None) -> ChainReport:
    """Walk the chain up to its first broken row. `tx` must be one snapshot (`Database.snapshot`).

    `since`: begin at this row, taking the hash of the row before it as it is: what lies behind a known break.
    `expect`: a hash noted before; when no row has it, the end of the chain was cut off or all of it made anew.
    """
    walk, is_expected = await _begin(tx, since), expect in (None, GENESIS)
    while rows := await tx.fetch(_WALK, walk.last_id, BATCH_ROWS):
        for row in rows:
            broken = walk.take(row, key)
            if broken is not None:
                return ChainReport(walk.sealed, walk.unsealed, walk.last_hash, broken)
            is_expected = is_expected or hmac.compare_digest(walk.last_hash, expect or "")
    missing = None if is_expected else BrokenRow(walk.last_id, "the chain does not hold the hash that was noted")
    return ChainReport(walk.sealed, walk.unsealed, walk.last_hash, missing)


class LookBack:
    """Walks the chain over and over, a few rows a step; a worker's, so that no changed row stays unseen for ever.

    `since`: as in `verify`. `broken` is what the last step has found; the next one looks at the same rows again.
    """

    def __init__(self, db: Database, key: bytes, since: int | None = None) -> None:
        self._db, self._key, self._since = db, key, since
        self._walk: _Walk | None = None
        self.broken: BrokenRow | None = None

    async def step(self, rows: int = LOOK_BACK_ROWS) -> None:
        """Look at the next rows; at the end of what is sealed the walk begins anew."""
        async with self._db.snapshot() as tx:
            if not await tx.fetchval(_EXISTS):
                return
            walk = replace(self._walk) if self._walk else await _begin(tx, self._since)
            found = await tx.fetch(_WALK, walk.last_id, rows)
            self.broken = next((broken for row in found if (broken := walk.take(row, self._key))), None)
            unsealed = walk.first_unsealed
            if self.broken is None and unsealed is not None and await tx.fetchval(_SEALED_BEHIND, walk.last_id):
                self.broken = BrokenRow(unsealed, _NOT_SEALED)
        if self.broken is None:
            self._walk = walk if len(found) == rows and unsealed is None else None


@dataclass(slots=True)
class _Walk:
    """Where a walk along the chain stands. Ids of the table start at 1, those of an intruder need not."""

    last_id: int = -(2**63)
    last_hash: str = GENESIS
    sealed: int = 0
    unsealed: int = 0
    first_unsealed: int | None = None

    def take(self, row: Row, key: bytes) -> BrokenRow | None:
        """Go on to the next row; what is wrong with it."""
        self.last_id = row["id"]
        if row["hash"] is None:
            self.unsealed += 1
            self.first_unsealed = self.last_id if self.first_unsealed is None else self.first_unsealed
            return None
        broken = self._disagrees(row, key)
        if broken is None:
            self.sealed, self.last_hash = self.sealed + 1, row["hash"]
        return broken

    def _disagrees(self, row: Row, key: bytes) -> BrokenRow | None:
        if self.first_unsealed is not None:
            return BrokenRow(self.first_unsealed, _NOT_SEALED)
        if not hmac.compare_digest(row["prev_hash"] or "", self.last_hash):
            return BrokenRow(row["id"], "does not follow the row before it: one was deleted, inserted or moved")
        if not hmac.compare_digest(chain_hash(row, self.last_hash, key), row["hash"]):
            return BrokenRow(row["id"], "its content was changed, or the secret is not the one that sealed it")
        return None


async def _begin(tx: Tx, since: int | None) -> _Walk:
    return _Walk() if since is None else _Walk(since - 1, await tx.fetchval(_HASH_BEFORE, since) or GENESIS)
