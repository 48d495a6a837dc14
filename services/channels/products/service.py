"""Use cases of products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kit.db.rows import update_rows
from kit.db.text_keys import fold_code
from kit.events import outbox
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.versions import Versions
from kit.web.batch import Results, upsert
from kit.work import Work
from services.channels.events_out import ProductChanged
from services.channels.products import repository
from services.channels.products.models import CostStep, Product
from services.channels.products.schemas import ProductCreate, ProductUpdate


def _said(one: Change[Product]) -> ProductChanged:
    return ProductChanged.of(one.after, changed=one.changed)


TERMS = ("sku", "name", "product_line", "is_active", "unit", "status", "launch_date")
PRODUCTS = Resource("product", Product, _said, audited=TERMS, unique=("sku",))


def _new(data: ProductCreate) -> Product:
    return Product(**fresh(), **data.model_dump())


def _spelt(data: ProductCreate, own: Mapping[str, str]) -> ProductCreate:
    return data.model_copy(update={"product_line": own[data.product_line]})


async def create_product(work: Work, data: ProductCreate) -> Product:
    """A new product, its line spelt as it stands; raises Taken."""
    own = await _own_lines(work, [data.product_line])
    return await add(work, PRODUCTS, _new(_spelt(data, own)))


async def require_product(work: Work, product_id: UUID) -> Product:
    """A product by id; raises NotFound."""
    return await require(work, PRODUCTS, product_id)


async def update_product(work: Work, product_id: UUID, version: Versions, data: ProductUpdate) -> Product:
    """Change the fields given; raises NotFound, VersionMismatch."""
    given = data.given()
    if "product_line" in given:
        given |= {"product_line": (await _own_lines(work, [given["product_line"]]))[given["product_line"]]}
    before = await require(work, PRODUCTS, product_id, version=version)
    return await change(work, PRODUCTS, before, given)


async def upsert_products(work: Work, rows: Sequence[tuple[int, ProductCreate]], results: Results) -> None:
    """Create or change products by sku; a row whose sku came before in the batch is refused."""
    own = await _own_lines(work, [row.product_line for _, row in rows])
    await upsert(work, PRODUCTS, "sku", [(index, _spelt(row, own)) for index, row in rows], results, _new)


async def products_by_sku(work: Work, skus: Sequence[str], *, lock: bool = False) -> dict[str, Product]:
    """Products by the skus as they are named here, in upper or lower case; unknown ones are left out.

    Of twins the one that is spelt so, else the oldest. `lock`: they stay as they are until the end of the transaction.
    """
    rows = await repository.list_by_code(work.tx, sorted({fold_code(sku) for sku in skus}), lock=lock)
    exact = {row.sku: row for row in rows}
    first = {fold_code(row.sku): row for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)}
    found = {sku: exact.get(sku) or first.get(fold_code(sku)) for sku in skus}
    return {sku: row for sku, row in found.items() if row is not None}


async def add_costs(work: Work, added: Mapping[str, Sequence[CostStep]], known: Mapping[str, Product]) -> None:
    """Give products (locked, by sku) further dated costs, and tell of each product once."""
    changes = [_with_costs(known[sku], steps) for sku, steps in sorted(added.items())]
    await update_rows(work.tx, Product, [one.after for one in changes])
    await outbox.say(work, [(_said(one), one.after.version) for one in changes])


def _with_costs(product: Product, steps: Sequence[CostStep]) -> Change[Product]:
    costs = tuple(sorted((*product.costs, *steps), key=lambda step: step.valid_from))
    return changed_row(product, {"costs": costs})


async def products_of_lines(work: Work, lines: Sequence[str]) -> list[Product]:
    """Products of these lines."""
    return await repository.list_of_lines(work.tx, sorted(set(lines))) if lines else []


async def known_lines(work: Work, lines: Sequence[str]) -> dict[str, str]:
    """Product lines as they are named here, in upper or lower case, with the spelling that products have; those that no
    product has are left out."""
    return await repository.known_lines(work.tx, sorted(set(lines))) if lines else {}


async def _own_lines(work: Work, lines: Sequence[str]) -> dict[str, str]:
    """How the lines of products are spelt from now on: as they stand, else as the first of these names them.

    Nobody else brings a line meanwhile.
    """
    await repository.hold_lines(work.tx)
    known, first = await known_lines(work, lines), dict[str, str]()
    return {line: known.get(line) or first.setdefault(fold_code(line), line) for line in lines}
