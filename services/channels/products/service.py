"""Use cases of products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Row, Tx
from kit.db.rows import update_row
from kit.errors import Conflict, FieldError, NotFound, VersionMismatch
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from kit.web.batch import Results
from kit.web.context import Actor
from services.channels.events_out import ProductChanged
from services.channels.products import repository
from services.channels.products.models import Product
from services.channels.products.schemas import ProductCreate, ProductUpdate

SERVICE = "channels"
FIELDS = ("name", "product_line", "is_active")
Change = tuple[dict[str, Any] | None, dict[str, Any], list[str]]
"""A row before (None: new) and after, and the fields that differ."""


class ProductNotFound(NotFound):
    code, title = "product-not-found", "No such product"


class SkuTaken(Conflict):
    code, title = "sku-taken", "Another product has this sku"


class RowRepeated(Conflict):
    code, title = "row-repeated", "An earlier row of this batch has the same sku"


async def create_product(tx: Tx, actor: Actor, data: ProductCreate, *, key: bytes) -> dict[str, Any]:
    """A new product; raises SkuTaken."""
    row = _new_row(data)
    if not await repository.add_new(tx, [row]):
        raise SkuTaken(errors=[FieldError("/sku", "taken", "another product has this sku")])
    await _tell(tx, actor, [(None, row, [])], key)
    return row


async def require_product(tx: Tx, product_id: UUID) -> Row:
    """A product by id; raises ProductNotFound."""
    row = await repository.get_product(tx, product_id)
    if row is None:
        raise ProductNotFound()
    return row


async def update_product(
    tx: Tx, actor: Actor, product_id: UUID, version: int, data: ProductUpdate, *, key: bytes
) -> dict[str, Any]:
    """Change the fields given; raises VersionMismatch. Nothing is announced when nothing differs."""
    before = await require_product(tx, product_id)
    if before["version"] != version:
        raise VersionMismatch()
    given = data.model_dump(exclude_unset=True)
    changed = [name for name in FIELDS if name in given and given[name] != before[name]]
    if not changed:
        return dict(before)
    changes = {name: given[name] for name in changed} | {"updated_at": clock.now()}
    after = dict(before) | changes | {"version": await update_row(tx, Product, product_id, version, changes)}
    await _tell(tx, actor, [(dict(before), after, changed)], key)
    return after


async def upsert_products(
    tx: Tx, actor: Actor, rows: Sequence[tuple[int, ProductCreate]], results: Results, *, key: bytes
) -> dict[str, Any]:
    """Create or change products by sku; a row whose sku came before in the batch is refused."""
    wanted: dict[str, tuple[int, ProductCreate]] = {}
    for index, row in rows:
        if row.sku in wanted:
            results.refuse(index, RowRepeated(errors=[FieldError("/sku", "repeated", "see an earlier row")]))
        else:
            wanted[row.sku] = (index, row)
    fresh = {sku: _new_row(row) for sku, (_index, row) in sorted(wanted.items())}
    made = await repository.add_new(tx, list(fresh.values()))
    known = await repository.lock_by_sku(tx, sorted(set(wanted) - made))
    changes: list[Change] = []
    for sku, (index, row) in wanted.items():
        if sku in made:
            changes.append((None, fresh[sku], []))
            results.done(index, "created", fresh[sku]["id"])
            continue
        before = known[sku]
        changed = [name for name in FIELDS if getattr(row, name) != before[name]]
        results.done(index, "updated" if changed else "unchanged", before["id"])
        if changed:
            after = dict(before) | {name: getattr(row, name) for name in FIELDS}
            after |= {"version": before["version"] + 1, "updated_at": clock.now()}
            changes.append((dict(before), after, changed))
    await repository.put_products(tx, [after for before, after, _changed in changes if before is not None])
    await _tell(tx, actor, changes, key)
    return results.answer()


def _new_row(data: ProductCreate) -> dict[str, Any]:
    now = clock.now()
    return {"id": new_id(), **data.model_dump(), "version": 1, "created_at": now, "updated_at": now}


async def _tell(tx: Tx, actor: Actor, changes: Sequence[Change], key: bytes) -> None:
    """Audit and announce rows (before, after, changed fields), one statement each."""
    facts, entries = [], []
    for before, after, changed in changes:
        snapshot = {name: after[name] for name in ("id", "sku", *FIELDS, "version")}
        payload = ProductChanged(**snapshot, changed=changed)
        facts.append(Fact(ProductChanged.TYPE, after["id"], after["id"], after["version"], payload))
        entries.append(
            audit.AuditEntry(
                actor=actor.subject,
                roles=sorted(actor.roles),
                action="change" if before else "create",
                resource="product",
                resource_id=str(after["id"]),
                before={name: before[name] for name in changed} if before else None,
                after={name: after[name] for name in changed or ("sku", *FIELDS)},
            )
        )
    await outbox.announce(tx, SERVICE, facts)
    await audit.record_many(tx, entries, key=key)
