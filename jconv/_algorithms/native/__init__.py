"""The algorithm `native`: machine code made for the problem's own shape when it is traced."""

from jconv._algorithms.native.record import NATIVE as NATIVE
