"""The choice of an algorithm: a ladder, limits, predicted seconds, and the table of what was measured."""
