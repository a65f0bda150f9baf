"""Pictures of what was learned, and of what a convolution is.

Each gives a matplotlib figure, made without pyplot's global state; `as_png` makes a file's bytes of it. Lengths are
laid out in inches, so that nothing is cut off, and no colour has to be told from another by red against green.
"""

from jconv.plot._animate_conv import animate_conv, strip
from jconv.plot._animate_filter import animate_filter, filter_strip
from jconv.plot._boxes import boxes
from jconv.plot._confusion import confusion
from jconv.plot._curves import curves
from jconv.plot._feature_maps import feature_maps
from jconv.plot._frequency_response import frequency_response
from jconv.plot._gradients import receptive_field, saliency
from jconv.plot._kernels import kernels
from jconv.plot._masks import masks
from jconv.plot._picture import display_range
from jconv.plot._pictures import pictures
from jconv.plot._predictions import frames, spectrograms
from jconv.plot._report import learn_report, tap_digits, tap_words
from jconv.plot._style import as_png

__all__ = [
    "animate_conv",
    "animate_filter",
    "as_png",
    "boxes",
    "confusion",
    "curves",
    "display_range",
    "feature_maps",
    "filter_strip",
    "frames",
    "frequency_response",
    "kernels",
    "learn_report",
    "masks",
    "pictures",
    "receptive_field",
    "saliency",
    "spectrograms",
    "strip",
    "tap_digits",
    "tap_words",
]
