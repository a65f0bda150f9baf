"""The two commands behind `jconv.cli`, and all that only they need."""
