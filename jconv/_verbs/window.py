"""The arguments that conv and its adjoint share, as integers."""

from jconv._equation.geometry import dilated_size, output_size
from jconv._equation.problem import ConvProblem
from jconv._typing import Pairs
from jconv._verbs.arguments import axis_ints, canonical_precision, check_algorithm
from jconv._verbs.padding import check_boundary, padding_modes, padding_pairs
from jconv._verbs.use_algorithm import or_pinned


class Forward:
    """The arguments that conv and its adjoint share, as integers, for given input sizes."""

    def __init__(self, verb, rank, sizes, kernel_shape, stride, padding, dilation, padding_mode, precision, algorithm):
        self.sizes, self.window, self.c_out = sizes, kernel_shape[:-2], kernel_shape[-1]
        self.stride = axis_ints(verb, "stride", stride, rank, least=1)
        self.dilation = axis_ints(verb, "dilation", dilation, rank, least=1)
        self.pairs, implied = padding_pairs(verb, padding, sizes, self.window, self.stride, self.dilation)
        self.modes = padding_modes(verb, padding_mode, implied, rank)
        check_boundary(verb, sizes, self.pairs, self.modes, padding)
        self.precision = canonical_precision(verb, precision)
        self.algorithm = or_pinned(check_algorithm(verb, algorithm))
        # Zeros beyond the border are a number in the problem; only other modes make a padded copy.
        self.outside: Pairs = tuple(
            (0, 0) if mode == "zeros" else pair for pair, mode in zip(self.pairs, self.modes, strict=True)
        )

    def problem(self, batch, groups, c_in, x_dtype, dtype, *, w_dtype=None, outputs=None) -> ConvProblem:
        """The problem of conv; `outputs` are given where several input sizes make as many."""
        spans = tuple(map(dilated_size, self.window, self.dilation))
        padded = tuple(n + lo + hi for n, (lo, hi) in zip(self.sizes, self.pairs, strict=True))
        return ConvProblem(
            batch=batch,
            groups=groups,
            c_in=c_in // groups,
            c_out=self.c_out // groups,
            input_size=tuple(n + lo + hi for n, (lo, hi) in zip(self.sizes, self.outside, strict=True)),
            window=self.window,
            output_size=outputs or tuple(map(output_size, padded, spans, self.stride)),
            stride=self.stride,
            input_dilation=(1,) * len(self.window),
            dilation=self.dilation,
            low=tuple(lo - taken for (lo, _), (taken, _) in zip(self.pairs, self.outside, strict=True)),
            x_dtype=x_dtype,
            w_dtype=w_dtype or x_dtype,
            dtype=dtype,
            precision=self.precision,
            algorithm=self.algorithm,
        )
