"""batches: arrays as an endless row of shuffled batches, any of which can be asked for by its number."""

from collections.abc import Sequence

import grain
import numpy as np

from jconv._verbs.arguments import one_int


def batches(*arrays: np.ndarray, batch_size: int, seed: int = 0) -> grain.MapDataset:
    """Shuffle arrays anew each epoch and cut them into batches, by Grain.

    Batch i is the same whenever it is asked for. So the place in the data is one number.
    What is left over at the end of an epoch is left out of that epoch.

    Args:
        *arrays: with a common leading axis.
        batch_size: entries of a batch; at most as many as there are.
        seed: of the order.

    Returns:
        A Grain dataset whose element i is a tuple of arrays `(batch_size, ...)`.

    Raises:
        ValueError: other leading axes, or fewer entries than a batch has.
        TypeError: a size that is no integer.

    Examples:
        >>> digits = np.arange(10)
        >>> row = batches(digits, digits**2, batch_size=5)
        >>> sorted(np.concatenate([row[0][0], row[1][0]]).tolist())
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    batch_size = one_int("batches", "batch_size", batch_size, least=1)
    arrays = tuple(map(np.asarray, arrays))
    lengths = {a.shape[:1] for a in arrays}
    if len(lengths) != 1 or lengths == {()}:
        raise ValueError(f"batches: the arrays need a common leading axis; shapes {[a.shape for a in arrays]}.")
    (count,) = next(iter(lengths))
    if count < batch_size:
        raise ValueError(f"batches: batch_size={batch_size} is more than the {count} entries there are.")

    def taken(places: Sequence[int]) -> tuple[np.ndarray, ...]:
        """The entries of one batch."""
        return tuple(a[np.asarray(places)] for a in arrays)

    order = grain.MapDataset.range(count).seed(seed).shuffle().batch(batch_size, drop_remainder=True)
    return order.map(taken).repeat(reseed_each_epoch=True)
