"""The named small convolutions on which implementations go wrong, with their arrays and their truth."""

from jconv.testing.case import CHANNELS_LAST, NCHW, SHUFFLED, Case


def _case(
    name: str,
    x: tuple[int, ...],
    kernel: tuple[int, ...],
    *,
    s: tuple[int, ...] = (),
    e: tuple[int, ...] = (),
    d: tuple[int, ...] = (),
    pad: tuple[tuple[int, int], ...] = (),
    groups: int = 1,
    batch_groups: int = 1,
    layout: tuple[str, str, str] | None = None,
) -> Case:
    """Write a case briefly: s, e, d are stride, input and kernel dilation; what is left out does nothing."""
    rank = len(x) - 2
    return Case(
        name=name,
        x_shape=x,
        kernel_shape=kernel,
        window_strides=s or (1,) * rank,
        padding=pad or ((0, 0),) * rank,
        lhs_dilation=e or (1,) * rank,
        rhs_dilation=d or (1,) * rank,
        feature_group_count=groups,
        batch_group_count=batch_groups,
        dimension_numbers=layout or CHANNELS_LAST[rank],
    )


# One of each kind, for a quick run.
QUICK = (
    _case("1d even window on primes", (3, 13, 2), (4, 2, 7), pad=((1, 2),)),
    _case("1d batch groups", (6, 9, 2), (3, 2, 6), pad=((1, 1),), batch_groups=3),
    _case("2d plain", (2, 7, 11, 3), (3, 3, 3, 4), pad=((1, 1), (1, 1))),
    _case("2d empty output", (2, 2, 9, 3), (3, 3, 3, 4), pad=((0, 0), (1, 1))),
    _case("2d depthwise multiplier 2", (3, 7, 8, 3), (4, 3, 1, 6), s=(2, 2), pad=((1, 2), (1, 1)), groups=3),
    _case("2d all", (2, 4, 5, 4), (3, 2, 2, 6), s=(2, 1), pad=((3, 1),) * 2, e=(3, 2), d=(2, 3), groups=2),
    _case("2d shuffled, cropped", (3, 7, 2, 9), (3, 3, 4, 2), s=(1, 2), pad=((-1, 1), (2, -1)), layout=SHUFFLED),
    _case("3d 1x2x3, strided", (2, 3, 5, 7, 2), (1, 2, 3, 2, 3), s=(2, 1, 3)),
)

CASES = (
    *QUICK,
    # rank 1: windows and sizes
    _case("1d plain", (2, 11, 3), (3, 3, 5), pad=((1, 1),)),
    _case("1d one tap", (2, 7, 3), (1, 3, 4)),
    _case("1d window as long as x", (2, 7, 3), (7, 3, 4)),
    _case("1d window longer than x", (2, 3, 2), (7, 2, 3), pad=((4, 4),)),
    _case("1d no channels", (2, 5, 0), (3, 0, 4)),
    _case("1d no features", (2, 5, 3), (3, 3, 0)),
    # rank 1: strides, dilations, padding
    _case("1d stride over window", (2, 13, 3), (2, 3, 4), s=(3,)),
    _case("1d causal dilated", (3, 13, 2), (3, 2, 5), pad=((4, 0),), d=(2,)),
    _case("1d dilation = stride", (2, 13, 2), (3, 2, 3), pad=((2, 2),), s=(2,), d=(2,)),
    _case("1d windows within padding", (2, 3, 2), (2, 2, 3), pad=((5, 4),)),
    _case("1d negative padding", (2, 11, 3), (3, 3, 4), pad=((-2, -1),)),
    _case("1d negative low, strided", (2, 12, 2), (3, 2, 3), pad=((-3, 2),), s=(2,)),
    _case("1d cropped to nothing", (2, 4, 2), (3, 2, 3), pad=((-2, -2),)),
    _case("1d empty output", (3, 3, 2), (5, 2, 3)),
    _case("1d empty input, padded", (2, 0, 2), (3, 2, 3), pad=((2, 2),)),
    _case("1d batch 0", (0, 7, 3), (3, 3, 4), pad=((1, 1),)),
    # rank 1: groups
    _case("1d depthwise causal", (3, 13, 6), (4, 1, 6), pad=((3, 0),), groups=6),
    _case("1d depthwise multiplier 3", (2, 11, 4), (3, 1, 12), pad=((1, 1),), groups=4),
    # rank 1: transposed
    _case("1d transposed", (2, 6, 3), (4, 3, 2), pad=((2, 2),), e=(2,)),
    _case("1d transposed, all three steps", (2, 7, 2), (3, 2, 3), s=(2,), pad=((3, 2),), e=(3,), d=(2,)),
    _case("1d transposed, common factors", (2, 8, 2), (3, 2, 3), s=(2,), pad=((1, 4),), e=(4,), d=(6,)),
    _case("1d transposed, negative padding", (2, 7, 2), (3, 2, 3), pad=((-2, -3),), e=(2,)),
    _case("1d transposed depthwise", (2, 6, 4), (5, 1, 4), pad=((3, 3),), e=(2,), groups=4),
    # rank 2: windows and sizes
    _case("2d 1x1", (3, 5, 7, 4), (1, 1, 4, 3)),
    _case("2d window 5x2", (2, 7, 5, 3), (5, 2, 3, 4), pad=((2, 2), (0, 1))),
    _case("2d one channel", (3, 9, 10, 1), (5, 4, 1, 1), pad=((2, 2), (1, 2))),
    _case("2d like a kernel gradient", (4, 11, 9, 3), (9, 8, 3, 2), pad=((0, 0), (1, 0))),
    _case("2d batch 0", (0, 5, 5, 2), (3, 3, 2, 3)),
    # rank 2: strides, dilations, padding
    _case("2d patches", (2, 8, 12, 3), (4, 4, 3, 5), s=(4, 4)),
    _case("2d stride 2, SAME", (2, 8, 7, 3), (3, 3, 3, 4), s=(2, 2), pad=((0, 1), (1, 1))),
    _case("2d stride over window", (3, 11, 13, 2), (2, 3, 2, 3), s=(3, 5)),
    _case("2d dilated", (2, 9, 11, 2), (3, 2, 2, 3), pad=((1, 3), (2, 1)), d=(2, 3)),
    _case("2d dilated, strided", (2, 11, 9, 2), (2, 3, 2, 3), s=(3, 2), d=(3, 2)),
    _case("2d negative padding", (2, 9, 8, 3), (3, 2, 3, 4), pad=((-1, 2), (1, -2))),
    # rank 2: groups
    _case("2d groups, strided", (2, 7, 9, 6), (3, 2, 2, 3), s=(2, 3), pad=((1, 1), (0, 0)), groups=3),
    _case("2d groups", (3, 7, 6, 4), (3, 3, 2, 6), pad=((1, 1), (1, 1)), groups=2),
    _case("2d depthwise", (2, 7, 9, 5), (3, 3, 1, 5), pad=((1, 1), (1, 1)), groups=5),
    _case("2d depthwise dilated", (2, 9, 7, 4), (3, 3, 1, 4), pad=((2, 2), (2, 2)), d=(2, 2), groups=4),
    _case("2d batch groups", (4, 7, 6, 3), (3, 3, 3, 4), pad=((1, 1), (1, 0)), batch_groups=2),
    _case("2d batch groups, strided", (6, 7, 6, 2), (2, 3, 2, 3), s=(2, 2), batch_groups=3),
    # rank 2: transposed
    _case("2d transposed", (2, 5, 4, 3), (4, 4, 3, 2), pad=((2, 2), (2, 2)), e=(2, 2)),
    _case("2d transposed, uneven", (2, 4, 3, 2), (3, 2, 2, 3), pad=((2, 1), (1, 1)), e=(2, 3)),
    _case("2d transposed, strided", (2, 5, 4, 2), (3, 3, 2, 3), s=(3, 2), pad=((2, 2), (2, 3)), e=(2, 3)),
    # rank 2: layouts
    _case("2d channels first", (2, 3, 7, 8), (4, 3, 3, 2), pad=((1, 1), (1, 0)), layout=NCHW),
    _case("2d channels first, groups", (2, 4, 7, 9), (6, 2, 3, 3), s=(2, 2), groups=2, layout=NCHW),
    # ranks 3 and 4
    _case("3d plain", (2, 4, 5, 6, 2), (3, 3, 3, 2, 3), pad=((1, 1), (1, 1), (1, 1))),
    _case("3d dilated", (2, 3, 5, 7, 2), (2, 2, 3, 2, 2), d=(1, 2, 3)),
    _case("3d depthwise", (2, 4, 5, 3, 3), (3, 2, 3, 1, 3), pad=((1, 1), (0, 1), (1, 1)), groups=3),
    _case("3d transposed", (2, 3, 2, 4, 2), (2, 3, 2, 2, 3), pad=((1, 1),) * 3, e=(2, 2, 2)),
    _case("4d plain", (2, 3, 4, 3, 5, 2), (2, 1, 2, 3, 2, 2), pad=((1, 0), (0, 0), (0, 1), (1, 1))),
)
