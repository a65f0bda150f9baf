"""Random configurations of `jax.lax.conv_general_dilated`, for the sweeps."""

from hypothesis import strategies

from jconv.testing import Case


@strategies.composite
def cases(draw):
    """Draw any valid configuration of small sizes."""

    def some(least, most):
        return draw(strategies.integers(least, most))

    rank = draw(strategies.sampled_from((1, 2, 2, 3, 0)))
    most = {0: 0, 1: 12, 2: 7, 3: 5}[rank]
    feature_groups, batch_groups = draw(strategies.sampled_from([(1, 1), (1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]))
    window = tuple(some(1, max(1, most // 2)) for _ in range(rank))
    lhs_dilation, rhs_dilation, stride = (tuple(some(1, 3) for _ in range(rank)) for _ in range(3))
    sizes = tuple(some(1, most) for _ in range(rank))
    padding = []
    for size, e in zip(sizes, lhs_dilation, strict=True):
        low = some(-2, 4)
        padding.append((low, some(max(-2, -low - (e * (size - 1) + 1)), 4)))  # lax wants no less than nothing left
    per_group = draw(strategies.sampled_from((1, 2, 3, 5)))
    sizes_of = {"N": some(1, 3) * batch_groups, "C": per_group * feature_groups, "I": per_group}
    sizes_of["O"] = some(1, 5) * feature_groups * batch_groups
    spatial = "HWD"[:rank]

    def layout(letters):
        return "".join(draw(strategies.permutations(letters)))

    numbers = layout(f"NC{spatial}"), layout(f"OI{spatial}"), layout(f"NC{spatial}")
    # lax reads strides, dilations and padding in the kernel's order of the spatial axes.
    order = [letter for letter in numbers[1] if letter in spatial]
    x_sizes = sizes_of | dict(zip(order, sizes, strict=True))
    kernel_sizes = sizes_of | dict(zip(order, window, strict=True))
    return Case(
        name="any",
        x_shape=tuple(x_sizes[letter] for letter in numbers[0]),
        kernel_shape=tuple(kernel_sizes[letter] for letter in numbers[1]),
        window_strides=stride,
        padding=tuple(padding),
        lhs_dilation=lhs_dilation,
        rhs_dilation=rhs_dilation,
        feature_group_count=feature_groups,
        batch_group_count=batch_groups,
        dimension_numbers=numbers,
    )
