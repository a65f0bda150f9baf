"""Pictures of what was learned."""

from jconv.plot._report import display_range as display_range
from jconv.plot._report import learn_report as learn_report
from jconv.plot._report import tap_digits as tap_digits
from jconv.plot._report import tap_words as tap_words
