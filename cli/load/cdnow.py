"""The CDNOW file as orders, and everything it lacks derived from a sha256 of the customer id.

`digest(customer, purpose)` is the first 8 bytes of sha256("<purpose>:<customer id as in the file>"), as
an unsigned integer. Where orders of one customer differ, the line number joins: "<purpose>:<customer>:<line>".
The external id of an order is its line number: customer and date are no key (same-day repeats exist).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

SOURCE = "cdnow"
CURRENCY = "USD"
SELLERS = 20
PRODUCTS = (
    ("CD-ROCK", "Compact disc, rock", "rock"),
    ("CD-POP", "Compact disc, pop", "pop"),
    ("CD-JAZZ", "Compact disc, jazz", "jazz"),
    ("CD-CLASSICAL", "Compact disc, classical", "classical"),
    ("CD-FOLK", "Compact disc, folk", "folk"),
)
REGIONS = ("CN-BJ", "CN-SH", "CN-GD", "CN-SC")
PARTNERS = 6
QUARTERS = ("1997Q1", "1997Q2", "1997Q3", "1997Q4", "1998Q1", "1998Q2")


class DataFileError(Exception):
    """The file cannot be read as CDNOW purchases."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line of the file; `cents` is what was paid."""

    line: int
    customer: str
    day: date
    quantity: int
    cents: int

    @property
    def unit_price(self) -> int:
        """Cents per disc, rounded up; the difference is the discount."""
        return -(-self.cents // self.quantity)

    @property
    def discount(self) -> int:
        """What unit price x quantity exceeds the paid amount by."""
        return self.unit_price * self.quantity - self.cents


def sample_path() -> Path:
    """The bundled sample."""
    return Path(str(files("cli.load") / "data" / "cdnow_sample.txt"))


def read(path: Path) -> Iterator[Purchase]:
    """Purchases of the sample (five columns) or of the whole file (four columns, header line)."""
    with path.open(encoding="ascii", newline=None) as lines:
        for number, text in enumerate(lines, start=1):
            words = text.split()
            if not words or not words[0].isdigit():
                continue
            try:
                customer, (day, quantity, dollars) = words[0], words[-3:]
                yield Purchase(
                    line=number,
                    customer=customer,
                    day=datetime.strptime(day, "%Y%m%d").date(),  # noqa: DTZ007 (a business date has no zone)
                    quantity=_count(quantity),
                    cents=_cents(dollars),
                )
            except (ValueError, IndexError):
                raise DataFileError(f"line {number} is not a purchase: {text.strip()[:80]!r}") from None


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _cents(text: str) -> int:
    if re.fullmatch(r"\d+(\.\d{1,2})?", text, re.ASCII) is None:
        raise ValueError
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def digest(purpose: str, *ids: object) -> int:
    """A stable 64-bit number for a purpose and an id."""
    text = ":".join([purpose, *(str(part) for part in ids)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def sellers_of(customer: str) -> list[tuple[int, int]]:
    """(seller number, share): one seller, or two at 60/40 for three customers in ten."""
    first = digest("seller", customer) % SELLERS
    if digest("split", customer) % 10 >= 3:
        return [(first, 1_000_000)]
    second = (first + 1 + digest("second-seller", customer) % (SELLERS - 1)) % SELLERS
    return [(first, 600_000), (second, 400_000)]


def region_of(customer: str) -> str:
    """Region of the customer."""
    return REGIONS[digest("region", customer) % len(REGIONS)]


def partner_of(customer: str) -> int | None:
    """Partner number of four customers in ten."""
    if digest("through-partner", customer) % 10 >= 4:
        return None
    return digest("partner", customer) % PARTNERS


def credit_limit_of(customer: str) -> int:
    """Credit limit in cents: 250.00 to 849.00."""
    return 25_000 + digest("limit", customer) % 600 * 100


def sku_of(purchase: Purchase) -> str:
    """Product of an order."""
    return PRODUCTS[digest("product", purchase.customer, purchase.line) % len(PRODUCTS)][0]


def payments_of(purchase: Purchase) -> list[tuple[date, int]]:
    """(day, cents): nine orders in ten are paid, a fifth of them in two parts."""
    if purchase.cents == 0 or digest("paid", purchase.customer, purchase.line) % 10 == 0:
        return []
    delay = timedelta(days=5 + digest("delay", purchase.customer, purchase.line) % 40)
    if digest("parts", purchase.customer, purchase.line) % 5 or purchase.cents < 2:
        return [(purchase.day + delay, purchase.cents)]
    first = purchase.cents // 3 or 1
    return [(purchase.day + delay, first), (purchase.day + 2 * delay, purchase.cents - first)]


def return_of(purchase: Purchase) -> tuple[date, int] | None:
    """(day, pieces): three orders in a hundred come back, in part when they have several discs."""
    if digest("returned", purchase.customer, purchase.line) % 100 >= 3:
        return None
    pieces = 1 + digest("pieces", purchase.customer, purchase.line) % purchase.quantity
    return purchase.day + timedelta(days=12), pieces


def payment_id(purchase: Purchase, part: int) -> str:
    """External id of a part payment, the first is 1."""
    return f"{purchase.line}/{part}"


def return_id(purchase: Purchase) -> str:
    """External id of the return."""
    return f"{purchase.line}/return"


def is_released(purchase: Purchase) -> bool:
    """Whether the officer releases the order when it is held (one in three)."""
    return digest("released", purchase.customer, purchase.line) % 3 == 0


def quarter_bounds(quarter: str) -> tuple[date, date]:
    """First and last day of `1997Q1`."""
    year, number = int(quarter[:4]), int(quarter[5])
    first = date(year, 3 * number - 2, 1)
    following = date(year + number // 4, 3 * number % 12 + 1, 1)
    return first, following - timedelta(days=1)
