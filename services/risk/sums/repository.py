"""SQL of the company's sums. Each is counted again, from the rows that it is of, where something has changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.risk.sums.enums import SumFamily
from services.risk.sums.models import Concentrated, KeptSum, KindSum

NOBODY: Final = "'00000000-0000-0000-0000-000000000000'::uuid"
# What the days of each family are counted from: a day, a kind, a channel, an amount and a count.
_ROWS: Final = {
    SumFamily.TALLY: "SELECT t.day, t.kind, t.channel_id, t.amount, t.count FROM tally_bucket t WHERE {days}",
    SumFamily.DISCOUNT: f"""
    SELECT t.day, k.kind, {NOBODY} AS channel_id, k.amount, 1 AS count FROM tally_discount t,
           LATERAL (VALUES ('net', t.net), ('discount', t.discount)) k (kind, amount) WHERE {{days}}
    """,
    SumFamily.SOLD: f"""
    SELECT t.day, 'sold' AS kind, {NOBODY} AS channel_id, t.amount, 1 AS count
    FROM receivable_move t JOIN receivable r USING (order_id)
    WHERE t.kind IN ('confirmed', 'returned') AND r.terms_days > 0 AND {{days}}
    """,
    SumFamily.OWED: f"""
    SELECT t.due_on AS day, k.kind, {NOBODY} AS channel_id, k.amount, 1 AS count FROM receivable t,
           LATERAL (VALUES ('open', t.open), ('credit', CASE WHEN t.terms_days > 0 THEN t.open ELSE 0 END))
               k (kind, amount)
    WHERE t.open > 0 AND t.due_on IS NOT NULL AND {{days}}
    """,
}
_COLUMN: Final = {SumFamily.OWED: "due_on"}
_ADD = """
INSERT INTO kept_day (family, day, kind, channel_id, amount, count)
SELECT $1, s.day, s.kind, s.channel_id, sum(s.amount), sum(s.count) FROM ({rows}) s GROUP BY s.day, s.kind, s.channel_id
"""
_BETWEEN, _ANY = "t.{} BETWEEN $2::date AND $3::date", "t.{} = ANY($2::date[])"
_LOCK = select_sql(KeptSum, "TRUE ORDER BY family FOR UPDATE")
_SETTLED = select_sql(KeptSum, "NOT EXISTS (SELECT FROM indicator_mark) AND first_day <= last_day ORDER BY family")
_SINCE = "SELECT coalesce(max(since), 'epoch') FROM projection_state WHERE name = ANY($1::text[])"
_PUT = """
ON CONFLICT (family) DO UPDATE SET since = excluded.since, first_day = excluded.first_day,
    last_day = excluded.last_day, total = excluded.total, squares = excluded.squares, groups = excluded.groups
"""
_BOUGHT = "t.kind IN ('confirmed', 'returned') AND t.day BETWEEN {first} AND {last}"
_FILL_SHARES = f"""
WITH made AS (
    INSERT INTO kept_share (account_id, amount)
    SELECT t.account_id, sum(t.amount) FROM tally_bucket t
    WHERE {_BOUGHT.format(first="$1::date", last="$2::date")} AND t.account_id <> {NOBODY} GROUP BY t.account_id
    RETURNING amount
)
UPDATE kept_sum SET total = m.total, squares = m.squares, groups = m.groups FROM (
    SELECT coalesce(sum(amount), 0) AS total, coalesce(sum(amount::numeric * amount), 0) AS squares, count(*) AS groups
    FROM made WHERE amount > 0
) m WHERE family = 'share'
"""
_COUNT_SHARES = f"""
WITH now AS (
    SELECT a.id AS account_id, coalesce(sum(t.amount), 0)::bigint AS amount
    FROM unnest($1::uuid[]) a (id)
    LEFT JOIN tally_bucket t
        ON t.account_id = a.id AND {_BOUGHT.format(first="$2::date", last="$3::date")}
    GROUP BY a.id
),
was AS (SELECT account_id, amount FROM kept_share WHERE account_id = ANY($1::uuid[])),
both_of AS (
    SELECT greatest(n.amount, 0)::numeric AS now, greatest(coalesce(w.amount, 0), 0)::numeric AS was
    FROM now n LEFT JOIN was w USING (account_id) WHERE n.amount IS DISTINCT FROM w.amount
),
written AS (
    INSERT INTO kept_share (account_id, amount)
    SELECT n.account_id, n.amount FROM now n LEFT JOIN was w USING (account_id) WHERE n.amount IS DISTINCT FROM w.amount
    ON CONFLICT (account_id) DO UPDATE SET amount = excluded.amount
)
UPDATE kept_sum SET total = kept_sum.total + d.total, squares = kept_sum.squares + d.squares,
    groups = kept_sum.groups + d.groups
FROM (
    SELECT coalesce(sum(now - was), 0) AS total, coalesce(sum(now * now - was * was), 0) AS squares,
           coalesce(sum(sign(now) - sign(was)), 0)::bigint AS groups
    FROM both_of
) d WHERE family = 'share'
"""
_BUYERS = f"""
SELECT DISTINCT t.account_id FROM tally_bucket t
WHERE t.kind IN ('confirmed', 'returned') AND t.account_id <> {NOBODY}
  AND (t.day >= $1::date AND t.day < $2::date OR t.day > $3::date AND t.day <= $4::date)
"""
# Accounts that are one count together: their own shares go, that of all of them comes.
_CONCENTRATED = """
WITH member AS (
    SELECT account_id, root_id FROM account_root UNION SELECT root_id, root_id FROM account_root
),
own AS (SELECT m.root_id, s.amount FROM member m JOIN kept_share s USING (account_id)),
part AS (
    SELECT greatest(sum(amount), 0) AS x, 1 AS sign FROM own GROUP BY root_id
    UNION ALL SELECT greatest(amount, 0), -1 FROM own
)
SELECT (k.groups + coalesce(sum(sign(p.x) * p.sign), 0))::bigint AS groups,
       (k.total + coalesce(sum(p.x * p.sign), 0))::text AS total,
       (k.squares + coalesce(sum(p.x * p.x * p.sign), 0))::text AS squares
FROM kept_sum k LEFT JOIN part p ON true WHERE k.family = 'share' GROUP BY k.groups, k.total, k.squares
"""
_BY_KIND = """
SELECT kind, sum(amount)::bigint AS amount, sum(count)::bigint AS things FROM kept_day
WHERE family = $1 AND day BETWEEN $2::date AND $3::date GROUP BY kind
"""
_CHANNELS = f"""
SELECT count(*)::bigint AS groups, coalesce(sum(x), 0)::text AS total, coalesce(sum(x * x), 0)::text AS squares FROM (
    SELECT sum(amount) AS x FROM kept_day
    WHERE family = 'tally' AND kind IN ('confirmed', 'returned') AND day BETWEEN $1::date AND $2::date
      AND channel_id <> {NOBODY}
    GROUP BY channel_id HAVING sum(amount) > 0
) g
"""
_DISPUTED = """
SELECT coalesce(sum(least(r.open, q.amount)), 0)::bigint
FROM (SELECT order_id, sum(amount) AS amount FROM dispute_order WHERE closed_on IS NULL GROUP BY order_id) q
JOIN receivable r USING (order_id) WHERE r.open > 0 AND r.due_on < $1::date
"""
_LATER = """
SELECT coalesce(sum(greatest(r.open - l.amount, 0) - greatest(r.open, 0)), 0)::bigint
FROM (
    SELECT order_id, sum(amount) AS amount FROM receivable_move
    WHERE day > $1::date AND order_id IS NOT NULL GROUP BY order_id
) l JOIN receivable r USING (order_id) WHERE r.terms_days > 0 AND r.due_on IS NOT NULL
"""
_UNEQUAL_DAYS = """
WITH kept AS (SELECT day, kind, channel_id, amount, count FROM kept_day WHERE family = $1),
found AS (
    SELECT s.day, s.kind, s.channel_id, sum(s.amount)::bigint AS amount, sum(s.count)::bigint AS count
    FROM ({rows}) s GROUP BY s.day, s.kind, s.channel_id
)
SELECT format('%s of %s: kept %s, found %s', kind, day, k.amount, f.amount) AS what
FROM kept k FULL JOIN found f USING (day, kind, channel_id)
WHERE (k.amount, k.count) IS DISTINCT FROM (f.amount, f.count)
"""
_UNEQUAL_SHARES = f"""
WITH found AS (
    SELECT t.account_id, sum(t.amount)::bigint AS amount FROM tally_bucket t
    WHERE {_BOUGHT.format(first="$1::date", last="$2::date")} AND t.account_id <> {NOBODY} GROUP BY t.account_id
),
whole AS (
    SELECT count(*) AS groups, coalesce(sum(amount), 0) AS total, coalesce(sum(amount::numeric * amount), 0) AS squares
    FROM kept_share WHERE amount > 0
)
SELECT format('account %s: kept %s, found %s', account_id, k.amount, f.amount) AS what
FROM kept_share k FULL JOIN found f USING (account_id) WHERE coalesce(k.amount, 0) <> coalesce(f.amount, 0)
UNION ALL
SELECT format('shares: kept %s of %s, found %s of %s', s.total, s.groups, w.total, w.groups)
FROM kept_sum s, whole w
WHERE s.family = 'share' AND (s.total, s.squares, s.groups) <> (w.total, w.squares, w.groups)
"""


async def lock(tx: Tx) -> list[KeptSum]:
    """What is kept, which nobody else changes until the transaction ends."""
    return await tx.rows(KeptSum, _LOCK)


async def begin(tx: Tx, rows: Sequence[KeptSum]) -> None:
    """Rows of families that have none yet."""
    await insert_rows(tx, KeptSum, rows, "ON CONFLICT DO NOTHING")


async def blank(tx: Tx, first: date, last: date) -> None:
    """What is kept is of no day, the first lying after the last."""
    await tx.execute("UPDATE kept_sum SET first_day = $1, last_day = $2", first, last)


async def since(tx: Tx, projections: Sequence[str]) -> datetime:
    """Since when the last of these projections has stood as it is."""
    found: datetime = await tx.fetchval(_SINCE, list(projections))
    return found


async def put(tx: Tx, row: KeptSum) -> None:
    """From which day to which a family is kept."""
    await insert_rows(tx, KeptSum, [row], _PUT)


async def forget(tx: Tx, family: SumFamily) -> None:
    """Nothing of a family is kept."""
    if family is SumFamily.SHARE:
        await tx.execute("DELETE FROM kept_share")
    else:
        await tx.execute("DELETE FROM kept_day WHERE family = $1", family)


def _counted(family: SumFamily, days: str) -> str:
    return _ADD.format(rows=_ROWS[family].format(days=days.format(_COLUMN.get(family, "day"))))


async def fill_days(tx: Tx, family: SumFamily, first: date, last: date) -> None:
    """Count days of which nothing is kept yet."""
    await tx.execute(_counted(family, _BETWEEN), family, first, last)


async def count_days(tx: Tx, family: SumFamily, days: Collection[date]) -> None:
    """Count days again."""
    await tx.execute("DELETE FROM kept_day WHERE family = $1 AND day = ANY($2::date[])", family, sorted(days))
    await tx.execute(_counted(family, _ANY), family, sorted(days))


async def fill_shares(tx: Tx, first: date, last: date) -> None:
    """Count the shares of all accounts, of which none is kept yet."""
    await tx.execute(_FILL_SHARES, first, last)


async def count_shares(tx: Tx, account_ids: Collection[UUID], first: date, last: date) -> None:
    """Count the shares of accounts again."""
    await tx.execute(_COUNT_SHARES, sorted(account_ids), first, last)


async def buyers(tx: Tx, gone: tuple[date, date], come: tuple[date, date]) -> list[UUID]:
    """Accounts that bought or returned on days from `gone[0]` until before `gone[1]`, or after `come[0]` until with
    `come[1]`."""
    return await tx.column(UUID, _BUYERS, *gone, *come)


async def concentrated(tx: Tx) -> Concentrated:
    """The shares of all customers, accounts that are one being one."""
    (found,) = await tx.rows(Concentrated, _CONCENTRATED)
    return found


async def by_kind(tx: Tx, family: SumFamily, first: date, last: date) -> dict[str, KindSum]:
    """What the days of a family came to, by kind."""
    return {one.kind: one for one in await tx.rows(KindSum, _BY_KIND, family, first, last)}


async def channels(tx: Tx, first: date, last: date) -> Concentrated:
    """Net confirmed less returned by channel."""
    (found,) = await tx.rows(Concentrated, _CHANNELS, first, last)
    return found


async def disputed(tx: Tx, today: date) -> int:
    """What is overdue and disputed."""
    return int(await tx.fetchval(_DISPUTED, today))


async def later(tx: Tx, today: date) -> int:
    """What credit orders owed at the end of a day beyond what they owe by all that is known: moves of later days. It is
    planned for that day, after which there are hardly any."""
    await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    found = int(await tx.fetchval(_LATER, today))
    await tx.execute("SET LOCAL plan_cache_mode TO DEFAULT")
    return found


async def settled(tx: Tx) -> list[KeptSum]:
    """What is kept, unless a mark of what has changed waits."""
    return await tx.rows(KeptSum, _SETTLED)


async def unequal(tx: Tx, kept: KeptSum) -> list[str]:
    """What of a family is not what it is of."""
    if kept.family is SumFamily.SHARE:
        return await tx.column(str, _UNEQUAL_SHARES, kept.first_day, kept.last_day)
    rows = _ROWS[kept.family].format(days=_BETWEEN.format(_COLUMN.get(kept.family, "day")))
    return await tx.column(str, _UNEQUAL_DAYS.format(rows=rows), kept.family, kept.first_day, kept.last_day)
