"""Random calls of the filters that SciPy has too, over every mode, origin, axis, order and dtype."""

import numpy as np

MODES = ("reflect", "constant", "nearest", "mirror", "wrap", "grid-mirror", "grid-constant", "grid-wrap")
INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
UNSIGNED = tuple(name for name in INTEGERS if name.startswith("u"))
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")


class Draw:
    """Random arguments for one call; `k` numbers the call, so that few calls meet every mode and dtype."""

    def __init__(self, name, k):
        self.rng = np.random.default_rng([k, *name.encode()])
        self.k = k

    def one(self, options):
        return options[self.rng.integers(len(options))]

    def often(self):
        return self.rng.random() < 0.5

    def array(self, dtypes, ndim=None):
        ndim = ndim or self.one((1, 2, 2, 3))
        shape = tuple(self.rng.integers(1, 8, ndim))
        return self.numbers(dtypes[(self.k * 7 + self.k // len(dtypes)) % len(dtypes)], shape)

    def numbers(self, dtype, shape):
        values = self.rng.normal(size=shape) * 20
        if np.dtype(dtype).kind in "iu":
            values = np.abs(values) if np.dtype(dtype).kind == "u" else values
        if np.dtype(dtype).kind == "c":
            values = values + 1j * self.rng.normal(size=shape) * 20
        return values.astype(dtype)

    def mode(self):
        return MODES[self.k % len(MODES)]

    def origin(self, size):
        return int(self.rng.integers(-(size // 2), (size - 1) // 2 + 1))

    def weights(self, dtype, shape):
        return self.rng.integers(-3, 4, shape) if self.often() else self.numbers(dtype, shape) / 20

    def common(self, x):
        """Output and cval."""
        complex_ = np.iscomplexobj(x)
        chosen = {"cval": float(self.rng.integers(-3, 9)) if self.often() else 2.75}
        if complex_ and self.often():
            chosen["cval"] = 1.5 - 2j
        if self.rng.random() < 0.4:
            chosen["output"] = np.dtype(self.one(COMPLEX if complex_ else FLOATS + INTEGERS))
        return chosen

    def axes(self, ndim):
        """Keywords, and the number of axes they mean."""
        if ndim == 1 or self.often():
            return {}, ndim
        chosen = sorted(self.rng.choice(ndim, self.rng.integers(1, ndim + 1), replace=False).tolist())
        return {"axes": tuple(axis - ndim if self.often() else axis for axis in chosen)}, len(chosen)

    def each(self, count, draw):
        """One value for all axes, or one per axis."""
        return [draw() for _ in range(count)] if self.often() else draw()


def _window(draw, x):
    """correlate, convolve and what takes a footprint: window, origin, mode, axes."""
    axes, count = draw.axes(x.ndim)
    shape = tuple(draw.rng.integers(1, 5, count).tolist())
    origin = [draw.origin(size) for size in shape]
    return shape, {"mode": draw.mode(), "origin": origin, **axes, **draw.common(x)}


def correlate(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    shape, keywords = _window(draw, x)
    dtype = "complex128" if draw.rng.random() < 0.2 else "float64"
    weights = draw.weights(dtype, shape)
    if np.iscomplexobj(weights) and not np.iscomplexobj(x):
        keywords.pop("output", None)
    return (x, weights), keywords


convolve = correlate


def correlate1d(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    size = int(draw.rng.integers(1, 7))
    keywords = {"mode": draw.mode(), "origin": draw.origin(size), **draw.common(x)}
    return (x, draw.weights("float64", size)), keywords | {"axis": int(draw.rng.integers(-x.ndim, x.ndim))}


convolve1d = correlate1d


def gaussian_filter1d(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    keywords = {"mode": draw.mode(), "order": draw.k % 4, "axis": int(draw.rng.integers(-x.ndim, x.ndim))}
    keywords |= {"radius": draw.one((0, 1, 4))} if draw.often() else {"truncate": draw.one((2.0, 4.0))}
    return (x, float(draw.rng.uniform(0.3, 2.5))), keywords | draw.common(x)


def gaussian_filter(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    axes, count = draw.axes(x.ndim)
    keywords = {
        "mode": draw.each(count, lambda: draw.one(MODES)),
        "order": draw.each(count, lambda: draw.one((0, 1, 2))),
    }
    keywords |= {"radius": draw.each(count, lambda: draw.one((0, 1, 4)))} if draw.often() else {"truncate": 3.0}
    sigma = draw.each(count, lambda: draw.one((0.0, 0.5, 1.0, 2.2)))
    return _signed(((x, sigma), keywords | axes | draw.common(x)))


def uniform_filter1d(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    return _sized_1d(draw, x)


def maximum_filter1d(draw):
    return _sized_1d(draw, draw.array(INTEGERS + FLOATS))


minimum_filter1d = maximum_filter1d


def _sized_1d(draw, x):
    size = int(draw.one((1, 2, 3, 4, 5, 8, 11, 13)))
    keywords = {"mode": draw.mode(), "origin": draw.origin(size), "axis": int(draw.rng.integers(-x.ndim, x.ndim))}
    return (x, size), keywords | draw.common(x)


def uniform_filter(draw):
    return _sized(draw, draw.array(INTEGERS + FLOATS + COMPLEX))


def _sized(draw, x):
    axes, count = draw.axes(x.ndim)
    sizes = [int(draw.one((1, 2, 3, 4, 5, 9))) for _ in range(count)]
    keywords = {"mode": draw.each(count, lambda: draw.one(MODES)), "origin": [draw.origin(size) for size in sizes]}
    if draw.often():
        sizes = sizes[0]
        keywords["origin"] = draw.origin(sizes)
    return (x, sizes), keywords | axes | draw.common(x)


def _footprint(draw, shape):
    footprint = draw.rng.random(shape) < 0.6
    footprint[(0,) * len(shape)] = True
    return footprint


def maximum_filter(draw):
    x = draw.array(INTEGERS + FLOATS)
    if draw.often():
        return _signed(_sized(draw, x))
    shape, keywords = _window(draw, x)
    return _signed(((x,), _whole_cval(x, keywords) | {"footprint": _footprint(draw, shape)}))


minimum_filter = maximum_filter


def _rank(draw):
    x = draw.array(INTEGERS + FLOATS)
    shape, keywords = _window(draw, x)
    if x.ndim == 1:
        keywords.pop("output", None)  # SciPy 1.17 writes its input's numbers into an array of another dtype, and beyond
    keywords = _whole_cval(x, keywords)
    (x,), keywords = _signed(((x,), keywords))
    if x.ndim == 1:  # SciPy 1.18 takes a footprint for its size, and mirrors once where the window needs it twice
        shape = (min(shape[0], len(x)),)
        keywords["origin"] = [draw.origin(shape[0])]
    if draw.often() or x.ndim == 1:
        return x, keywords | {"size": shape}, int(np.prod(shape))
    footprint = _footprint(draw, shape)
    return x, keywords | {"footprint": footprint}, int(footprint.sum())


def _whole_cval(x, keywords):
    """A cval that the dtype of x has: from SciPy 1.18 on it is cut to it, before in one dimension only."""
    if x.dtype.kind in "iu":
        keywords["cval"] = float(np.floor(abs(keywords["cval"]) if x.dtype.kind == "u" else keywords["cval"]))
    return keywords


def median_filter(draw):
    x, keywords, _ = _rank(draw)
    return (x,), keywords


def rank_filter(draw):
    x, keywords, taps = _rank(draw)
    return (x, int(draw.rng.integers(-taps, taps))), keywords


def percentile_filter(draw):
    x, keywords, _ = _rank(draw)
    return (x, float(draw.one((0, 12.5, 50, 73, 100, -20, -100)))), keywords


def sobel(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    mode = draw.each(x.ndim, lambda: draw.one(MODES))
    axis = int(draw.rng.integers(-x.ndim, x.ndim))
    return _signed(((x,), {"axis": axis, "mode": mode, **draw.common(x)}))


prewitt = sobel


def laplace(draw):
    x = draw.array(INTEGERS + FLOATS + COMPLEX)
    axes, count = draw.axes(x.ndim)
    return _signed(((x,), {"mode": draw.each(count, lambda: draw.one(MODES)), **axes, **draw.common(x)}))


generic_laplace = laplace


def generic_gradient_magnitude(draw):
    return _wide(laplace(draw))


def _wide(call):
    """Let squares fit into the result: SciPy takes the root of what is left of them."""
    (x, *rest), keywords = call
    dtype = np.dtype(keywords.get("output", x.dtype))
    if dtype.kind in "iu" and dtype not in (np.int32, np.int64):
        keywords["output"] = np.dtype(np.float64)
    return (x, *rest), keywords


def _signed(call, kinds=("uint64",)):
    """Let no negative number be cast to such a dtype: what C makes of that is the compiler's choice."""
    (x, *rest), keywords = call
    if np.dtype(keywords.get("output", x.dtype)).name in kinds:
        keywords["output"] = np.dtype(np.int64)
    return (x, *rest), keywords


def gaussian_laplace(draw):
    (x,), keywords = laplace(draw)
    count = len(keywords.get("axes", range(x.ndim)))
    keywords |= {"truncate": 3.0} if draw.often() else {}
    return (x, draw.each(count, lambda: draw.one((0.5, 1.0, 2.2)))), keywords


def gaussian_gradient_magnitude(draw):
    (x, sigma), keywords = gaussian_laplace(draw)
    keywords.pop("axes", None)  # SciPy 1.17 blurs the other axes too
    sigma = sigma if np.isscalar(sigma) else [draw.one((0.5, 1.0)) for _ in range(x.ndim)]
    return _wide(((x, sigma), keywords | {"mode": draw.mode()}))


def grey_erosion(draw):
    x = draw.array(INTEGERS + FLOATS)
    if draw.rng.random() < 0.3:
        (x, size), keywords = _sized(draw, x)
        return _signed(((x,), _whole_cval(x, keywords) | {"size": size}), UNSIGNED)
    shape, keywords = _window(draw, x)
    if draw.rng.random() < 0.7:
        structure = draw.rng.integers(-3, 4, shape) if draw.often() else draw.rng.normal(size=shape)
        # With integers SciPy 1.17 adds the first value of a structure as it is and cuts the others; jconv cuts the sum.
        keywords["structure"] = np.floor(structure) if x.dtype.kind in "iu" else structure
        x = x.astype(np.int64) if x.dtype.kind == "u" else x  # sums may be negative
    if "structure" not in keywords or draw.often():
        keywords["footprint"] = _footprint(draw, shape)
    return _signed(((x,), _whole_cval(x, keywords)), UNSIGNED)


grey_dilation = grey_erosion

FUNCTIONS = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and not name.startswith("_") and name not in ("Draw",)
}


def case(name, k):
    """The arguments and keywords of call number `k` of a filter."""
    return FUNCTIONS[name](Draw(name, k))
