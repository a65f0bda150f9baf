"""Pictures of what was learned."""

from jconv.plot._report import display_range, learn_report, tap_digits, tap_words

__all__ = [
    "display_range",
    "learn_report",
    "tap_digits",
    "tap_words",
]
