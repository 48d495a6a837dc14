"""Lists of price books and of their entries."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.channels.price_books.models import PriceBook, PriceEntry

_NEXT = (
    "(SELECT min(n.valid_from) - 1 FROM price_book n "
    "WHERE b.state = 'published' AND n.code = b.code AND n.state = 'published' AND n.valid_from > b.valid_from)"
)
BOOKS = ListSpec(
    source="price_book b",
    fields={
        **fields_of(
            PriceBook,
            "b",
            sortable=("code", "name", "valid_from"),
            unfiltered=("round_to", "ending", "min_markup"),
            without=("entries_sha256",),
        ),
        "currency": Field("b.currency", "currency"),
        "valid_to": Field(_NEXT, "date", nullable=True),
    },
    search=("b.code", "b.name"),
    search_key=search_of(PriceBook, "b"),
    default_sort="-valid_from",
)
ENTRIES = ListSpec(
    source="price_entry e",
    fields={
        **fields_of(PriceEntry, "e", sortable=("code",), without=("cell",)),
        "currency": Field("e.currency", "currency"),
    },
    search=("e.code",),
    default_sort="code",
)
