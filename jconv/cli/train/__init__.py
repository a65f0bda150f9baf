"""`jconv train` and `jconv predict`: a file for each task, and what they share."""
