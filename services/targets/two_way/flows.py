"""Whether a table exists within its bounds: a maximum flow from the rows through the cells to the columns.

The flow is the library's, which counts in 32 bits: it runs on the leading bits of the capacities, then on what the next
bits add to its residual (capacity scaling: Gabow 1985), so that it is exact for amounts of any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

Sparse = Any
"""A matrix of scipy.sparse, which says nothing of its types."""

LEADING_BITS = 29
"""Bits of the whole flow in the first step."""
STEP_BITS = 14
"""Bits per later step: each adds less than 2^14 to each of at most 2^15 edges."""
MOST = 2**30 - 1
"""No edge needs more in a step; an edge and the edge back together stay within what the library counts to."""


class Transport(NamedTuple):
    """The amounts that flow through the cells, and the rows and columns that still could get more from the source."""

    amounts: Integers
    rows: Flags
    columns: Flags


def transport(rows: Integers, columns: Integers, most: Integers) -> Transport:
    """The most that rows can give to columns, each cell `most` at most; all >= 0."""
    import numpy as np
    from scipy import sparse
    from scipy.sparse import csgraph

    n, m = most.shape
    source, sink = n + m, n + m + 1
    at = np.nonzero(most)
    begins = np.concatenate([np.full(n, source), at[0], n + np.arange(m)])
    ends = np.concatenate([np.arange(n), n + at[1], np.full(m, sink)])
    sizes = np.concatenate([rows, most[at], columns]).astype(np.int64)
    capacity = sparse.csr_array((sizes, (begins, ends)), shape=(n + m + 2, n + m + 2))
    flow = _max_flow(capacity, int(rows.sum()), source, sink)
    left = capacity - flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = np.zeros(n + m + 2, dtype=bool)
    reached[csgraph.breadth_first_order(left, source, return_predecessors=False)] = True
    amounts = flow[:n, n : n + m].toarray()
    return Transport(np.maximum(amounts, 0), reached[:n], reached[n : n + m])


def _max_flow(capacity: Sparse, whole: int, source: int, sink: int) -> Sparse:
    """Flow by edge, its negative by the edge back; `whole` is what leaves the source at most."""
    import numpy as np
    from scipy import sparse
    from scipy.sparse import csgraph

    flow = sparse.csr_array(capacity.shape, dtype=np.int64)
    shift = max(0, whole.bit_length() - LEADING_BITS)
    while True:
        left = capacity.copy()
        left.data >>= shift
        left = left - flow
        left.data = np.minimum(left.data, MOST)
        left.eliminate_zeros()
        more = csgraph.maximum_flow(sparse.csr_array(left, dtype=np.int32), source, sink, method="dinic").flow
        flow = flow + sparse.csr_array(more, dtype=np.int64)
        if shift == 0:
            return flow
        step = min(shift, STEP_BITS)
        flow.data <<= step
        shift -= step
