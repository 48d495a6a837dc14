"""A customer database of so many orders, filled by set-based SQL: what `bench.pages` and `bench.insights` measure in.

An account has some ten orders and an owner, an order an activity, five orders a case and an opportunity (of 10,000
orders and fewer each has one, so that every page is full). Triggers are off while it is filled; what they keep is
written beside.
"""

from __future__ import annotations

import asyncpg

from kit.db.text_keys import KEYS_VERSION

SELLERS = 20
REGION_SELLERS = 5
_SELLER = f"md5('seller' || n % {SELLERS})::uuid"
_NUMBER = "(hashint4(n) & 2147483647) % greatest(1, $1 / 10)"
_ACCOUNT_OF = f"md5('account' || 1 + {_NUMBER})::uuid"
_OWNER_OF = f"md5('seller' || (1 + {_NUMBER}) % {SELLERS})::uuid"
_AT = "timestamptz '2024-01-01Z' + n * (interval '900 days' / $1)"
_OWN = (
    f"""
INSERT INTO principal (id, valid_from, code, subject, path)
SELECT md5('seller' || n)::uuid, date '2020-01-01', 'seller-' || n, 'seller-' || n,
       ARRAY[md5('company')::uuid, md5('region' || n / {REGION_SELLERS})::uuid]
FROM generate_series(0, {SELLERS - 1}) AS n
UNION ALL SELECT md5('manager')::uuid, date '2020-01-01', 'manager', 'manager',
       ARRAY[md5('company')::uuid, md5('region0')::uuid]
""",
    """
INSERT INTO product_directory (sku, product_id, product_line, is_active, version, costs)
SELECT 'SKU-' || n, md5('sku' || n)::uuid, 'line-' || n % 5, true, 1, '[]' FROM generate_series(0, 49) AS n
""",
)
_OF_ORDERS = (
    f"""
INSERT INTO account (id, created_at, stream_key, kind, name, region, customer_type, owner_id, tags, search_key,
                     name_sort, keyed_of)
SELECT id, at, id, 'organization', 'Customer ' || n, 'CN-SH', 'existing', {_SELLER}, '{{}}',
       'customer ' || n || chr(10), '1 customer ' || n, '{KEYS_VERSION} Customer ' || n || chr(10)
FROM (SELECT n, md5('account' || n)::uuid AS id, {_AT} AS at FROM generate_series(1, greatest(1, $1 / 10)) AS n) made
""",
    f"""
INSERT INTO orders (id, created_at, number, stream_key, account_id, owner_id, region, customer_type, state, placement,
                    order_date, payment_terms_days, currency, base_currency, exchange_rate, net, tax, gross, net_base,
                    tax_base, gross_base, paid, paid_base, placed_at, content_hash)
SELECT id, at, 'SO-' || n, account_id, account_id, owner_id, 'CN-SH', 'existing',
       CASE WHEN n % 20 < 17 THEN 'confirmed' WHEN n % 20 = 17 THEN 'on_hold' WHEN n % 20 = 18 THEN 'fulfilled'
            ELSE 'draft' END,
       1, at::date, 30, 'USD', 'USD', '1', net, 0, net, net, 0, net, paid, paid, at, ''
FROM (SELECT n, md5('order' || n)::uuid AS id, {_ACCOUNT_OF} AS account_id, {_OWNER_OF} AS owner_id, {_AT} AS at,
             1000 + (n::bigint * 7919) % 100000 AS net,
             CASE WHEN n % 5 = 0 THEN 0 ELSE 1000 + (n::bigint * 7919) % 100000 END AS paid
      FROM generate_series(1, $1) AS n) made
""",
    """
INSERT INTO order_line (order_id, line_no, sku, product_line, quantity, returned, unit_price, discount, tax_rate, net,
                        tax, gross, net_base, tax_base, gross_base, unit_cost_base, margin_base)
SELECT md5('order' || n)::uuid, 1, 'SKU-' || n % 50, 'line-' || n % 5, 1, 0, net, 0, 0, net, 0, net, net, 0, net,
       net * 6 / 10, net - net * 6 / 10
FROM (SELECT n, 1000 + (n::bigint * 7919) % 100000 AS net FROM generate_series(1, $1) AS n) made
""",
    f"""
INSERT INTO order_credit (order_id, member_id, position, share)
SELECT md5('order' || n)::uuid, {_OWNER_OF}, 1, 1000000 FROM generate_series(1, $1) AS n
""",
    f"""
INSERT INTO order_step (id, account_id, order_id, state, placement, order_date, at)
SELECT md5('step' || n)::uuid, {_ACCOUNT_OF}, md5('order' || n)::uuid, 'confirmed', 1, ({_AT})::date, {_AT}
FROM generate_series(1, $1) AS n
""",
    f"""
INSERT INTO activity (id, created_at, kind, stream_key, account_id, owner_id, account_owner_id, notes, state, due_on,
                      ended_at, outcome)
SELECT md5('activity' || n)::uuid, {_AT}, 'task', {_ACCOUNT_OF}, {_ACCOUNT_OF}, {_OWNER_OF}, {_OWNER_OF}, '{{}}',
       CASE WHEN n % 4 = 0 THEN 'planned' ELSE 'completed' END, ({_AT})::date + 30,
       CASE WHEN n % 4 > 0 THEN {_AT} END, CASE WHEN n % 4 > 0 THEN 'done' END
FROM generate_series(1, $1) AS n
""",
    f"""
INSERT INTO service_case (id, created_at, number, kind, state, severity, stream_key, account_id, owner_id,
                          account_owner_id, subject, received_at, opened_on, closed_on, clock_due_at, escalation_level,
                          breaches, sla_version)
SELECT md5('case' || n)::uuid, {_AT}, 'CS-' || n, 'question', CASE WHEN n % 20 < 10 THEN 'received' ELSE 'closed' END,
       CASE WHEN n % 20 < 5 THEN 'critical' ELSE 'low' END, {_ACCOUNT_OF}, {_ACCOUNT_OF}, {_OWNER_OF}, {_OWNER_OF},
       's', {_AT}, ({_AT})::date, CASE WHEN n % 20 >= 10 THEN ({_AT})::date END,
       CASE WHEN n % 20 < 10 THEN {_AT} + interval '2 days' END, 0, 0, 1
FROM generate_series(1, $1, 1) AS n WHERE n % 5 < 1 OR $1 <= 10000
""",
    f"""
INSERT INTO contact (id, created_at, account_id, account_owner_id, name, roles, channels, search_key, name_sort,
                     keyed_of)
SELECT md5('contact' || n)::uuid, {_AT}, {_ACCOUNT_OF}, {_OWNER_OF}, 'Person ' || n, '{{}}', '[]',
       'person ' || n || chr(10), '1 person ' || n, '{KEYS_VERSION} Person ' || n || chr(10)
FROM generate_series(1, $1) AS n WHERE n % 5 < 1 OR $1 <= 10000
""",
    f"""
INSERT INTO payment (id, created_at, account_id, account_owner_id, stream_key, received_on, amount, currency,
                     base_currency, exchange_rate, method, refunded, is_waiting, content_hash)
SELECT md5('payment' || n)::uuid, {_AT}, {_ACCOUNT_OF}, {_OWNER_OF}, {_ACCOUNT_OF}, ({_AT})::date, 1000,
       'USD', 'USD', '1', 'cash', 0, false, ''
FROM generate_series(1, $1) AS n
""",
    """
INSERT INTO case_clock (id, case_id, clock, attempt, minutes, started_at, worked_us, is_raised, due_at)
SELECT md5(id::text || 'r')::uuid, id, 'resolution', 1, 480, received_at, 0, false, received_at + interval '2 days'
FROM service_case WHERE state <> 'closed'
""",
    f"""
INSERT INTO opportunity (id, created_at, name, name_sort, search_key, keyed_of, account_id, stream_key, owner_id,
                         account_owner_id, state,
                         pipeline, pipeline_id, stage, stage_since, amount, currency, amount_base, base_currency,
                         probability, weighted_base, forecast_category, competitors, opened_at, opened_on,
                         expected_close)
SELECT md5('opportunity' || n)::uuid, {_AT}, 'Deal ' || n, '1 deal ' || n, 'deal ' || n || chr(10),
       '{KEYS_VERSION} Deal ' || n || chr(10), {_ACCOUNT_OF}, {_ACCOUNT_OF}, {_OWNER_OF}, {_OWNER_OF}, 'open',
       p.pipeline, p.id,
       'research', {_AT}, n * 100, 'USD', n * 100, 'USD', 100000, n * 10, 'pipeline', '{{}}', {_AT}, ({_AT})::date,
       ({_AT})::date + 60
FROM generate_series(1, $1) AS n CROSS JOIN (SELECT * FROM pipeline ORDER BY id LIMIT 1) p
WHERE n % 5 < 1 OR $1 <= 10000
""",
)


async def fill(connection: asyncpg.Connection, orders: int) -> None:
    """Fill an empty, migrated database of customer."""
    await connection.execute("SET statement_timeout = 0; SET session_replication_role = replica")
    for sql in (*_OWN, *_OF_ORDERS):
        await connection.execute(sql.replace("$1", str(orders)))
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
